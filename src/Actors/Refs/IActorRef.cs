namespace Orchestrator.Actors;

public interface ICanTell
{
    void Tell(object message, IActorRef? sender);
}

/// <summary>A handle to one incarnation of an actor; equal by path and incarnation.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, IComparable
{
    ActorPath Path { get; }
}

/// <summary>What the runtime itself needs of a reference, beyond what actors may use.</summary>
internal interface IInternalActorRef : IActorRef
{
    /// <summary>Null for the reference that belongs to none.</summary>
    ActorSystem? Owner { get; }

    void SendSystemMessage(SystemMessage message);
}
