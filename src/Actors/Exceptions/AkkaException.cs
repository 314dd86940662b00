namespace Orchestrator.Actors;

/// <summary>Base of the runtime's own exceptions; named as Akka.NET's so that code that catches it needs no change.</summary>
public abstract class AkkaException : Exception
{
    protected AkkaException()
    {
    }

    protected AkkaException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
