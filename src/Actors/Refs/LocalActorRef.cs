namespace Orchestrator.Actors;

internal sealed class LocalActorRef(ActorPath path) : ActorRefBase
{
    private ActorCell? _cell;

    public override ActorPath Path { get; } = path;

    public override ActorSystem Owner => Cell.System;

    internal ActorCell Cell => _cell!;

    internal void Attach(ActorCell cell) => _cell = cell;

    public override void Tell(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException($"A null message was sent to {Path}. Send an object that says what happened.");
        }
        Cell.Mailbox.Post(new Envelope(message, sender!));
    }

    public override void SendSystemMessage(SystemMessage message) => Cell.Mailbox.PostSystem(message);

    // One object stands for one incarnation; only foreign wrappers (a test probe) need the comparison by path.
    public override bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other) || (other is not null and not LocalActorRef && Same(this, other));
}
