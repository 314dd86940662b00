namespace Orchestrator.Actors;

/// <summary>No actor has the selected path.</summary>
public class ActorNotFoundException : AkkaException
{
    public ActorNotFoundException(string message)
        : base(message)
    {
    }
}
