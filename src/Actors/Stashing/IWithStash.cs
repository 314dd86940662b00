namespace Orchestrator.Actors;

public interface IActorStash
{
    /// <summary>Set by the runtime after construction.</summary>
    IStash Stash { get; set; }
}

public interface IWithUnrestrictedStash : IActorStash;

public interface IWithStash : IWithUnrestrictedStash;

/// <summary>Here too the stash has a bound: <see cref="Props.WithStashCapacity"/>, by default the mailbox's.</summary>
public interface IWithUnboundedStash : IWithUnrestrictedStash;
