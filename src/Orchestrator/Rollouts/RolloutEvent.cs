using System.Text.Json.Serialization;
using Orchestrator.Protocol;

namespace Orchestrator.Rollouts;

/// <summary>What has happened to a rollout. Journaled before its effects; the state is their fold.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(BatchStarted), "batch-started")]
[JsonDerivedType(typeof(DelayStarted), "delay-started")]
[JsonDerivedType(typeof(HoldStarted), "hold-started")]
[JsonDerivedType(typeof(Promoted), "promoted")]
[JsonDerivedType(typeof(PhaseEntered), "phase-entered")]
[JsonDerivedType(typeof(ReplicaPrepared), "prepared")]
[JsonDerivedType(typeof(ReplicaWithheld), "withheld")]
[JsonDerivedType(typeof(ReplicaReady), "ready")]
[JsonDerivedType(typeof(ReplicaPassed), "passed")]
[JsonDerivedType(typeof(ReplicaPublished), "published")]
[JsonDerivedType(typeof(ReplicaJudged), "judged")]
[JsonDerivedType(typeof(OldDrained), "old-drained")]
[JsonDerivedType(typeof(ReplicaFailed), "failed")]
[JsonDerivedType(typeof(OldStopped), "old-stopped")]
[JsonDerivedType(typeof(NewCancelled), "new-cancelled")]
[JsonDerivedType(typeof(HostLost), "host-lost")]
[JsonDerivedType(typeof(SlotReassigned), "reassigned")]
[JsonDerivedType(typeof(SlotDropped), "dropped")]
[JsonDerivedType(typeof(PauseStarted), "pause-started")]
[JsonDerivedType(typeof(Paused), "paused")]
[JsonDerivedType(typeof(Resumed), "resumed")]
[JsonDerivedType(typeof(AbortRequested), "abort-requested")]
[JsonDerivedType(typeof(UnwindStarted), "unwind-started")]
[JsonDerivedType(typeof(Ended), "ended")]
public abstract record RolloutEvent
{
    /// <summary>The coordinator's clock; the only time the state knows.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Decided: the slots of this batch begin.</summary>
    public sealed record BatchStarted(int Batch) : RolloutEvent;

    /// <summary>Decided: the batch is done and another follows.</summary>
    public sealed record DelayStarted(DateTimeOffset Until) : RolloutEvent;

    /// <summary>Decided: the canary, or all that is staged, is up.</summary>
    /// <param name="Until">Null: until somebody promotes it.</param>
    public sealed record HoldStarted(DateTimeOffset? Until) : RolloutEvent;

    /// <summary>The hold is over: decided, or a person's.</summary>
    public sealed record Promoted(bool OnRequest) : RolloutEvent;

    /// <summary>Decided: the slot enters a phase whose commands are about to be sent.</summary>
    public sealed record PhaseEntered(int Slot, SlotPhase Phase) : RolloutEvent;

    public sealed record ReplicaPrepared(int Slot, int Attempt) : RolloutEvent;

    /// <summary>blue-green: the new replica takes no traffic when it comes to be.</summary>
    public sealed record ReplicaWithheld(int Slot, int Attempt) : RolloutEvent;

    public sealed record ReplicaReady(int Slot, int Attempt) : RolloutEvent;

    public sealed record ReplicaPassed(int Slot, int Attempt) : RolloutEvent;

    public sealed record ReplicaFailed(int Slot, int Attempt, FailureReport Report) : RolloutEvent;

    /// <summary>Every ingress has the new replica.</summary>
    public sealed record ReplicaPublished(int Slot, int Attempt) : RolloutEvent;

    /// <summary>Its traffic is within the limits.</summary>
    /// <param name="Note">For people: why nothing was concluded; null when there was enough to go by.</param>
    public sealed record ReplicaJudged(int Slot, int Attempt, string? Note) : RolloutEvent;

    /// <summary>No ingress sends anything to the old replica any more, and nothing is open to it, or its drain timeout has passed.</summary>
    public sealed record OldDrained(int Slot, string Host, string Revision) : RolloutEvent;

    public sealed record OldStopped(int Slot, string Host, string Revision) : RolloutEvent;

    public sealed record NewCancelled(int Slot, int Attempt) : RolloutEvent;

    /// <summary>The host's down deadline has passed.</summary>
    public sealed record HostLost(string Host) : RolloutEvent;

    /// <param name="Host">Another one for a slot whose host is lost; for a global service's, which may have been dropped with it from what is staged, its own, which is back.</param>
    public sealed record SlotReassigned(int Slot, string Host) : RolloutEvent;

    /// <summary>A global service's slot whose host is lost.</summary>
    public sealed record SlotDropped(int Slot, string Reason) : RolloutEvent;

    /// <summary>Decided: too many failures under failure_action pause. Or a person's.</summary>
    public sealed record PauseStarted(string Reason) : RolloutEvent;

    public sealed record Paused : RolloutEvent;

    /// <summary>A person's: failed slots are tried again.</summary>
    public sealed record Resumed : RolloutEvent;

    public sealed record AbortRequested(string Reason) : RolloutEvent;

    /// <summary>Starts are called off, stops are waited for, then the rollout ends with <paramref name="Outcome"/>.</summary>
    public sealed record UnwindStarted(RolloutOutcome Outcome, string Reason) : RolloutEvent;

    public sealed record Ended(RolloutOutcome Outcome, string? Reason) : RolloutEvent;
}
