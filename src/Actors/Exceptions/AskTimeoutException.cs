namespace Orchestrator.Actors;

/// <summary>The asked actor did not answer in time.</summary>
public class AskTimeoutException : AkkaException
{
    public AskTimeoutException(string message)
        : base(message)
    {
    }
}
