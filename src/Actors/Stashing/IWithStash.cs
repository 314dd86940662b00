namespace Orchestrator.Actors;

public interface IActorStash
{
    /// <summary>Set by the runtime after construction.</summary>
    IStash Stash { get; set; }
}

public interface IWithStash : IActorStash;

public interface IWithUnboundedStash : IActorStash;

public interface IWithUnrestrictedStash : IActorStash;
