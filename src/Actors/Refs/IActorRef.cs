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
    void SendSystemMessage(SystemMessage message);
}
