namespace Orchestrator.Actors;

/// <summary>The reference to no actor: what is told to it vanishes.</summary>
public sealed class Nobody : IInternalActorRef
{
    internal static readonly Nobody Instance = new();

    private Nobody()
    {
    }

    public ActorPath Path { get; } = ActorPath.ForRoot("all-systems").Child("Nobody");

    ActorSystem? IInternalActorRef.Owner => null;

    void ICanTell.Tell(object message, IActorRef? sender)
    {
    }

    void IInternalActorRef.SendSystemMessage(SystemMessage message)
    {
        if (message is WatchMessage watch)
        {
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(this, existenceConfirmed: false));
        }
    }

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => ReferenceEquals(this, other);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => ActorRefBase.Compare(this, other);

    int IComparable.CompareTo(object? obj) => ActorRefBase.Compare(this, obj as IActorRef);

    public override string ToString() => "[Nobody]";
}
