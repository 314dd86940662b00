using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

/// <summary>
/// The policy of a rollout, pure. <see cref="Decide"/> names the next event that the state and the time call for, <see cref="Apply"/> folds an event in,
/// <see cref="Effects"/> lists the commands that an event's journaling releases. The transition table is in docs/rollout.md.
/// </summary>
public static partial class Rollout
{
    /// <summary>How many hosts are tried for one slot before their loss counts as a failure.</summary>
    public const int AttemptsMax = 5;

    /// <summary>The agent keeps the progress deadline; the coordinator gives up on an agent that says nothing for this much longer.</summary>
    public static readonly TimeSpan AnswerGrace = TimeSpan.FromSeconds(30);

    /// <summary>The longest a stop is waited for: above the agent's own bound for any grace period in use.</summary>
    public static readonly TimeSpan StopDeadline = TimeSpan.FromMinutes(15);

    public static RolloutState Begin(ServicePlan plan)
    {
        var parallelism = plan.Policy.Parallelism <= 0 ? int.MaxValue : plan.Policy.Parallelism;
        var changes = plan.Slots.Count(s => s.Action != SlotAction.Remove);
        var removalBatch = changes == 0 ? 0 : ((changes - 1) / parallelism) + 1;
        var position = 0;
        var slots = ImmutableArray.CreateBuilder<SlotState>(plan.Slots.Length);
        foreach (var slot in plan.Slots)
        {
            var batch = slot.Action == SlotAction.Remove ? removalBatch : position++ / parallelism;
            slots.Add(new SlotState { Plan = slot, Batch = batch, Host = slot.Host, OldLeft = slot.Old });
        }
        return new RolloutState { Plan = plan, Slots = slots.ToImmutable() };
    }

    /// <summary>The next event, or null when there is nothing to do but wait. Ask again after applying it.</summary>
    public static RolloutEvent? Decide(RolloutState state, DateTimeOffset now) => state.Phase switch
    {
        RolloutPhase.Ended or RolloutPhase.Paused => null,
        RolloutPhase.Unwinding => FailOverdue(state, now) ?? CallOff(state, now) ?? EndWhenSettled(state, now, state.UnwindsTo!.Value),
        RolloutPhase.Aborting => FailOverdue(state, now) ?? EndWhenSettled(state, now, RolloutOutcome.Aborted),
        RolloutPhase.Pausing => FailOverdue(state, now) ?? (state.HasInFlight ? null : new RolloutEvent.Paused { At = now }),
        RolloutPhase.Delaying => FailOverdue(state, now) ?? ReactToFailures(state, now) ?? (now >= state.DelayUntil ? NextBatch(state, now) : null),
        RolloutPhase.Running => FailOverdue(state, now) ?? ReactToFailures(state, now) ?? Advance(state, now),
    };

    /// <summary>When <see cref="Decide"/> must be asked again although nothing happens; null when only an event can change anything.</summary>
    public static DateTimeOffset? NextWakeup(RolloutState state)
    {
        if (state.Phase is RolloutPhase.Ended or RolloutPhase.Paused)
        {
            return null;
        }
        var times = state.Slots.Where(s => s.IsInFlight).Select(s => (DateTimeOffset?)DeadlineOf(state, s));
        return state.Phase == RolloutPhase.Delaying ? times.Append(state.DelayUntil).Min() : times.Min();
    }

    /// <summary>The commands that follow from a change of state, in slot order.</summary>
    public static IEnumerable<RolloutCommand> Effects(RolloutState before, RolloutState after)
    {
        for (var index = 0; index < after.Slots.Length; index++)
        {
            var (was, now) = (before.Slots[index], after.Slots[index]);
            if (was.Phase == now.Phase && was.Attempt == now.Attempt)
            {
                if (IsToBeJudged(after, now) && !IsToBeJudged(before, was))
                {
                    yield return new RolloutCommand.Judge(now.Plan.Slot, now.Host!, now.Attempt);
                }
                continue;
            }
            foreach (var command in Outstanding(after, now))
            {
                yield return command;
            }
            if (was.Phase == SlotPhase.Judging && now.Phase == SlotPhase.Failed && now.OldLeft.Any(o => o.Serving))
            {
                yield return new RolloutCommand.Withdraw(now.Plan.Slot, now.Host!, now.Attempt);
            }
            if (IsDraining(was.Phase) && !IsDraining(now.Phase) && now.Phase is not (SlotPhase.Retiring or SlotPhase.StoppingOld or SlotPhase.Done))
            {
                foreach (var old in now.OldLeft)
                {
                    yield return new RolloutCommand.Undrain(now.Plan.Slot, old.Host, old.Revision);
                }
            }
            if (now.Phase is SlotPhase.Draining or SlotPhase.Done && was.Phase is not (SlotPhase.Draining or SlotPhase.Retiring))
            {
                foreach (var pruned in now.Plan.Prune)
                {
                    yield return new RolloutCommand.Prune(now.Plan.Slot, pruned.Host, pruned.Revision);
                }
            }
        }
    }

    /// <summary>What must be sent again after a restart of the coordinator: commands are idempotent.</summary>
    public static IEnumerable<RolloutCommand> Outstanding(RolloutState state) => state.Slots.SelectMany(s => Outstanding(state, s));

    private static IEnumerable<RolloutCommand> Outstanding(RolloutState state, SlotState slot)
    {
        var number = slot.Plan.Slot;
        return slot.Phase switch
        {
            SlotPhase.Preparing => [new RolloutCommand.Prepare(number, slot.Host!, slot.Attempt)],
            SlotPhase.Starting => [new RolloutCommand.Start(number, slot.Host!, slot.Attempt)],
            SlotPhase.Publishing => [new RolloutCommand.Publish(number, slot.Host!, slot.Attempt)],
            SlotPhase.Judging => IsToBeJudged(state, slot) ? [new RolloutCommand.Judge(number, slot.Host!, slot.Attempt)] : [],
            SlotPhase.Yielding or SlotPhase.Draining => slot.OldInTraffic.Select(o => new RolloutCommand.Drain(number, o.Host, o.Revision, slot.Attempt)),
            SlotPhase.StoppingOld or SlotPhase.Retiring => slot.OldLeft.Select(o => new RolloutCommand.StopOld(number, o.Host, o.Revision, Retains(state, slot, o), slot.Attempt)),
            SlotPhase.Cancelling => [new RolloutCommand.CancelNew(number, slot.Host!, slot.Attempt)],
            SlotPhase.Reassigning => [new RolloutCommand.Reassign(number, slot.Attempt)],
            SlotPhase.Pending or SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled => Enumerable.Empty<RolloutCommand>(),
        };
    }

    private static RolloutEvent? FailOverdue(RolloutState state, DateTimeOffset now)
    {
        foreach (var slot in state.Slots)
        {
            if (slot.IsInFlight && (now >= DeadlineOf(state, slot) || (slot.Phase == SlotPhase.Reassigning && slot.Attempt >= AttemptsMax)))
            {
                return new RolloutEvent.ReplicaFailed(slot.Plan.Slot, slot.Attempt, Overdue(slot)) { At = now };
            }
        }
        return null;
    }

    private static RolloutEvent? ReactToFailures(RolloutState state, DateTimeOffset now)
    {
        if (state.Failed == 0 || (double)state.Failed / Math.Max(1, state.Total) <= state.Plan.Policy.MaxFailureRatio)
        {
            return null;
        }
        var reason = $"{state.Failed} of {Math.Max(1, state.Total)} replicas failed, above max_failure_ratio {state.Plan.Policy.MaxFailureRatio:0.##}";
        return state.Plan.Policy.FailureAction switch
        {
            FailureAction.Continue => null,
            FailureAction.Pause => new RolloutEvent.PauseStarted(reason) { At = now },
            FailureAction.Rollback => new RolloutEvent.UnwindStarted(RolloutOutcome.NeedsRollback, reason) { At = now },
        };
    }

    private static RolloutEvent? Advance(RolloutState state, DateTimeOffset now)
    {
        var begun = state.Slots.Where(s => s.Batch <= state.Batch);
        if (begun.FirstOrDefault(s => s.Phase == SlotPhase.Pending) is { } pending)
        {
            return new RolloutEvent.PhaseEntered(pending.Plan.Slot, FirstPhase(state, pending)) { At = now };
        }
        if (!begun.All(s => s.IsSettled))
        {
            return null;
        }
        if (state.Batch + 1 >= state.BatchCount)
        {
            return EndWhenSettled(state, now, state.Failed == 0 ? RolloutOutcome.Succeeded : RolloutOutcome.Failed);
        }
        var delay = state.Batch < 0 ? TimeSpan.Zero : state.Plan.Policy.Delay;
        return delay > TimeSpan.Zero ? new RolloutEvent.DelayStarted(now + delay) { At = now } : NextBatch(state, now);
    }

    private static RolloutEvent.BatchStarted NextBatch(RolloutState state, DateTimeOffset now) => new(state.Batch + 1) { At = now };

    private static SlotPhase FirstPhase(RolloutState state, SlotState slot)
    {
        if (slot.Plan.Action == SlotAction.Remove)
        {
            return SlotPhase.Draining;
        }
        if (slot.Host is null || state.LostHosts.Contains(slot.Host))
        {
            return SlotPhase.Reassigning;
        }
        return IsStopFirst(state, slot) ? SlotPhase.Preparing : SlotPhase.Starting;
    }

    private static RolloutEvent? CallOff(RolloutState state, DateTimeOffset now) =>
        state.Slots.FirstOrDefault(s => s.Phase == SlotPhase.Starting) is { } starting
            ? new RolloutEvent.PhaseEntered(starting.Plan.Slot, SlotPhase.Cancelling) { At = now }
            : null;

    private static RolloutEvent? EndWhenSettled(RolloutState state, DateTimeOffset now, RolloutOutcome outcome) =>
        state.HasInFlight ? null : new RolloutEvent.Ended(outcome, state.Reason) { At = now };

    private static bool IsDraining(SlotPhase phase) => phase is SlotPhase.Yielding or SlotPhase.Draining;

    /// <summary>Only what served is worth going back to, and only where the slot lives on.</summary>
    private static bool Retains(RolloutState state, SlotState slot, Placement old) =>
        slot.Plan.Action == SlotAction.Replace && old.Serving && state.Plan.Retain > 0 && old.Revision != state.Plan.ToRevision;

    /// <summary>A replica that takes the very container name of an old one waits for it to go, whatever the policy.</summary>
    private static bool IsStopFirst(RolloutState state, SlotState slot) =>
        slot.OldLeft.Length > 0
        && (state.Plan.Policy.Order == UpdateOrder.StopFirst || slot.OldLeft.Any(o => o.Host == slot.Host && o.Revision == state.Plan.ToRevision));

    /// <summary>Slots are judged together, once nothing else of the batch is on its way into the traffic: the same window, and the most requests to go by.</summary>
    private static bool IsToBeJudged(RolloutState state, SlotState slot) => slot.Phase == SlotPhase.Judging && !state.Slots.Any(IsBeforeJudging);

    private static bool IsBeforeJudging(SlotState slot) =>
        slot.Phase is SlotPhase.Preparing or SlotPhase.Yielding or SlotPhase.StoppingOld or SlotPhase.Starting or SlotPhase.Publishing or SlotPhase.Cancelling or SlotPhase.Reassigning;

    /// <summary>From when the last that is judged with it was, or may still be, in the traffic.</summary>
    private static DateTimeOffset JudgedBy(RolloutState state) =>
        state.Slots.Where(s => s.Phase == SlotPhase.Judging).Select(s => s.Since)
            .Concat(state.Slots.Where(IsBeforeJudging).Select(s => DeadlineOf(state, s)))
            .Max() + state.Plan.Slo!.Window + AnswerGrace;

    private static DateTimeOffset DeadlineOf(RolloutState state, SlotState slot) =>
        slot.Phase == SlotPhase.Judging ? JudgedBy(state) : slot.Since + slot.Phase switch
        {
            SlotPhase.Preparing or SlotPhase.Starting or SlotPhase.Publishing or SlotPhase.Reassigning => state.Plan.ProgressDeadline + AnswerGrace,
            SlotPhase.Yielding or SlotPhase.Draining => state.Plan.DrainTimeout + StopDeadline,
            SlotPhase.StoppingOld or SlotPhase.Retiring or SlotPhase.Cancelling or SlotPhase.Judging or SlotPhase.Pending or SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled => StopDeadline,
        };

    private static FailureReport Overdue(SlotState slot) => slot.Phase switch
    {
        SlotPhase.Preparing or SlotPhase.Starting => new FailureReport { Stage = ReplicaStage.Gate, Message = $"host {slot.Host} did not report the replica ready before its progress deadline" },
        SlotPhase.Publishing => new FailureReport { Stage = ReplicaStage.Traffic, Message = "not every ingress has the replica within the progress deadline; `orchestrator ps` and the agents' logs say which host's does not answer" },
        SlotPhase.Judging => new FailureReport { Stage = ReplicaStage.Traffic, Message = "its traffic was not judged in time; the coordinator's log says why" },
        SlotPhase.Yielding or SlotPhase.Draining => new FailureReport { Stage = ReplicaStage.Traffic, Message = $"not every ingress has let go of the old replica on {string.Join(", ", slot.OldInTraffic.Select(o => o.Host).Distinct())}" },
        SlotPhase.Reassigning => new FailureReport { Stage = ReplicaStage.Host, Message = $"host {slot.Host} is lost and no other host could take the replica" },
        _ => new FailureReport { Stage = ReplicaStage.Stop, Message = $"no answer to a stop within {StopDeadline.TotalMinutes:0} min from {string.Join(", ", slot.OldLeft.Select(o => o.Host).Append(slot.Host).OfType<string>().Distinct())}" },
    };
}
