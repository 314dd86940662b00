namespace Orchestrator.Actors;

/// <summary>The name is taken by a living sibling, or has characters that a path element may not have.</summary>
public class InvalidActorNameException : AkkaException
{
    public InvalidActorNameException(string message)
        : base(message)
    {
    }

    public InvalidActorNameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
