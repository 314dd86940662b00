namespace Orchestrator.Actors;

/// <summary>The actor did what its state does not allow, e.g. stashing one message twice.</summary>
public class IllegalActorStateException : AkkaException
{
    public IllegalActorStateException(string message)
        : base(message)
    {
    }
}
