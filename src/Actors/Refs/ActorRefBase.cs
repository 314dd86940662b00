namespace Orchestrator.Actors;

/// <summary>Identity of a reference: path and incarnation.</summary>
internal abstract class ActorRefBase : IInternalActorRef
{
    public abstract ActorPath Path { get; }

    public abstract ActorSystem? Owner { get; }

    public abstract void Tell(object message, IActorRef? sender);

    public abstract void SendSystemMessage(SystemMessage message);

    public virtual bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other) || (other is not null && Same(this, other));

    public override bool Equals(object? obj) => obj is IActorRef other && Equals(other);

    public override int GetHashCode() => Path.Uid.GetHashCode();

    public int CompareTo(IActorRef? other) => Compare(this, other);

    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        IActorRef other => CompareTo(other),
        _ => throw new ArgumentException($"Cannot compare {this} with a {obj.GetType().Name}; compare actor references only.", nameof(obj)),
    };

    public override string ToString() => $"[{Path.ToStringWithUid()}]";

    internal static bool Same(IActorRef a, IActorRef b) => a.Path.Uid == b.Path.Uid && a.Path.Equals(b.Path);

    internal static int Compare(IActorRef a, IActorRef? b)
    {
        if (b is null)
        {
            return 1;
        }
        var byPath = a.Path.CompareTo(b.Path);
        return byPath != 0 ? byPath : a.Path.Uid.CompareTo(b.Path.Uid);
    }
}
