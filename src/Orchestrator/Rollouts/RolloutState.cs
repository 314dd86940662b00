using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

public enum RolloutPhase
{
    Running,

    /// <summary>Between two batches.</summary>
    Delaying,

    /// <summary>The canary is in the traffic, or all new replicas are staged: they are watched until the hold is over or somebody promotes them.</summary>
    Holding,

    /// <summary>Failed beyond the ratio under failure_action pause: what is in flight finishes, then Paused.</summary>
    Pausing,
    Paused,

    /// <summary>Going back or superseded: starts are called off, stops are waited for.</summary>
    Unwinding,

    /// <summary>What is in flight finishes, nothing new begins.</summary>
    Aborting,
    Ended,
}

public enum RolloutOutcome
{
    Succeeded,

    /// <summary>Ended with failed slots under failure_action continue.</summary>
    Failed,

    /// <summary>The service must go back; its containers are as the unwinding left them.</summary>
    NeedsRollback,
    Superseded,
    Aborted,
}

public enum SlotPhase
{
    Pending,

    /// <summary>stop-first: the image is pulled before the old replica is stopped.</summary>
    Preparing,

    /// <summary>stop-first: the old replicas are leaving the traffic, before they are stopped.</summary>
    Yielding,

    /// <summary>stop-first: the old replicas are being stopped.</summary>
    StoppingOld,

    /// <summary>blue-green: the traffic is being told to leave the new replica out, before it is started.</summary>
    Withholding,

    /// <summary>The new replica is on its way through its gate.</summary>
    Starting,

    /// <summary>blue-green: the new replica has passed and takes no traffic; it waits for the others, and for the promotion.</summary>
    Staged,

    /// <summary>The new replica has passed; every ingress is being told of it.</summary>
    Publishing,

    /// <summary>Every ingress has the new replica, and its requests are compared with those of the old ones.</summary>
    Judging,

    /// <summary>Every ingress has the new replica (or there is none); the old ones are leaving the traffic. Holds no batch back.</summary>
    Draining,

    /// <summary>Nothing is open to the old replicas any more; they are being stopped. Holds no batch back.</summary>
    Retiring,

    /// <summary>The start was called off; the new replica is being removed.</summary>
    Cancelling,

    /// <summary>The host is lost; another one is being looked for.</summary>
    Reassigning,
    Done,
    Failed,

    /// <summary>Called off; neither done nor failed.</summary>
    Cancelled,
}

/// <summary>One rollout of one service: a value; <see cref="Rollout"/> decides on it and applies events to it.</summary>
public sealed record RolloutState
{
    public required ServicePlan Plan { get; init; }

    public required ImmutableArray<SlotState> Slots { get; init; }

    public RolloutPhase Phase { get; init; }

    /// <summary>Index of the batch under way; -1 before the first.</summary>
    public int Batch { get; init; } = -1;

    /// <summary>Set while <see cref="Phase"/> is Delaying.</summary>
    public DateTimeOffset? DelayUntil { get; init; }

    /// <summary>When a hold ends by itself; null when it does not, and outside of Holding.</summary>
    public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>The hold is over: the rest follows, or the traffic is switched.</summary>
    public bool IsPromoted { get; init; }

    /// <summary>Why it paused, unwinds or ended other than well.</summary>
    public string? Reason { get; init; }

    /// <summary>What the unwinding leads to.</summary>
    public RolloutOutcome? UnwindsTo { get; init; }

    /// <summary>Set when <see cref="Phase"/> is Ended.</summary>
    public RolloutOutcome? Outcome { get; init; }

    /// <summary>Hosts that were lost since the rollout began or was last resumed: it places nothing more there.</summary>
    public ImmutableSortedSet<string> LostHosts { get; init; } = [];

    public int BatchCount => Slots.IsEmpty ? 0 : Slots.Max(s => s.Batch) + 1;

    /// <summary>Slots that count for max_failure_ratio: those that get a new replica.</summary>
    public int Total => Slots.Count(s => s.Plan.Action != SlotAction.Remove);

    public int Failed => Slots.Count(s => s.Phase == SlotPhase.Failed);

    public int Succeeded => Slots.Count(s => s.Phase == SlotPhase.Done);

    /// <summary>blue-green, before its promotion: nothing new takes traffic, nothing old is touched.</summary>
    public bool IsStaging => IsBlueGreen && !IsPromoted;

    public bool IsBlueGreen => Plan.Strategy?.Kind == StrategyKind.BlueGreen;

    /// <summary>blue-green: all traffic has gone to the new replicas, and has not been given back.</summary>
    public bool IsSwitched => IsBlueGreen && IsPromoted && UnwindsTo is null
        && Slots.All(s => s.Plan.Action == SlotAction.Remove || s is { Phase: SlotPhase.Done or SlotPhase.Cancelled } or { Phase: SlotPhase.Failed, IsOldRetired: true })
        && Slots.Any(s => s.Plan.Action != SlotAction.Remove && s.Phase != SlotPhase.Cancelled);

    public bool HasInFlight => Slots.Any(s => s.IsInFlight);

    public SlotState? Slot(int slot) => Slots.FirstOrDefault(s => s.Plan.Slot == slot);

    internal RolloutState With(SlotState slot)
    {
        for (var index = 0; index < Slots.Length; index++)
        {
            if (Slots[index].Plan.Slot == slot.Plan.Slot)
            {
                return this with { Slots = Slots.SetItem(index, slot) };
            }
        }
        return this;
    }
}

public sealed record SlotState
{
    public required SlotPlan Plan { get; init; }

    /// <summary>From 0.</summary>
    public required int Batch { get; init; }

    public SlotPhase Phase { get; init; }

    /// <summary>Where the new replica goes: the plan's host until that is lost.</summary>
    public string? Host { get; init; }

    /// <summary>Where what stays of the slot is when its old replicas are gone; null when nothing does.</summary>
    public string? HostLeft => Host ?? Plan.KeptHost;

    /// <summary>Counts the starts, from 1; part of each command's id.</summary>
    public int Attempt { get; init; }

    /// <summary>Those before the rollout was last resumed: for the hosts that are tried they do not count.</summary>
    public int AttemptsBefore { get; init; }

    /// <summary>When <see cref="Phase"/> was entered.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Its healthcheck has succeeded once, its monitor time is running.</summary>
    public bool IsReady { get; init; }

    /// <summary>Old replicas that have not been stopped yet.</summary>
    public ImmutableArray<Placement> OldLeft { get; init; } = [];

    /// <summary>Not stopped either, but their hosts were lost: they count as gone until the rollout is resumed.</summary>
    public ImmutableArray<Placement> OldLost { get; init; } = [];

    /// <summary>Those of <see cref="OldLeft"/> that have not left the traffic yet; meaningful in the phases that drain.</summary>
    public ImmutableArray<Placement> OldInTraffic { get; init; } = [];

    /// <summary>The old replicas have left the traffic for good: those that are left were being stopped.</summary>
    public bool IsOldRetired { get; init; }

    /// <summary>It was given up when its new replica may have had traffic already, which is to be its old one's again.</summary>
    public bool IsSentBack { get; init; }

    public FailureReport? Failure { get; init; }

    /// <summary>Waits for an answer.</summary>
    public bool IsInFlight => Phase is SlotPhase.Preparing or SlotPhase.Yielding or SlotPhase.StoppingOld or SlotPhase.Withholding or SlotPhase.Starting or SlotPhase.Publishing
        or SlotPhase.Judging or SlotPhase.Draining or SlotPhase.Retiring or SlotPhase.Cancelling or SlotPhase.Reassigning;

    /// <summary>Its batch need not wait for it any more.</summary>
    public bool IsSettled => Phase is SlotPhase.Staged or SlotPhase.Draining or SlotPhase.Retiring or SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled;
}
