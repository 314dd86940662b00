namespace Orchestrator.Actors;

/// <summary>Where undeliverable messages go: each becomes a <see cref="DeadLetter"/> event.</summary>
internal sealed class DeadLetterActorRef(ActorSystem system, ActorPath path, EventStream events) : ActorRefBase
{
    public override ActorPath Path { get; } = path;

    public override ActorSystem Owner { get; } = system;

    public override void Tell(object message, IActorRef? sender) => Publish(message, sender, this);

    internal void Publish(object message, IActorRef? sender, IActorRef recipient)
    {
        if (message is IDeadLetterSuppression)
        {
            return;
        }
        events.Publish(message as DeadLetter ?? new DeadLetter(message, sender ?? this, recipient));
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is WatchMessage watch)
        {
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Subject, existenceConfirmed: false));
        }
    }
}
