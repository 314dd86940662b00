namespace Orchestrator.Actors;

/// <summary>A watched actor stopped and its watcher did not handle <see cref="Terminated"/>.</summary>
public class DeathPactException : AkkaException
{
    public DeathPactException(IActorRef deadActor)
        : base($"Monitored actor {deadActor} has stopped and its watcher does not handle Terminated. Handle it, or do not watch.") =>
        DeadActor = deadActor;

    public IActorRef DeadActor { get; }
}
