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
    /// <summary>How many hosts are tried for one slot, since the rollout began or was resumed, before their loss counts as a failure.</summary>
    public const int AttemptsMax = 5;

    /// <summary>The agent keeps the progress deadline; the coordinator gives up on an agent that says nothing for this much longer.</summary>
    public static readonly TimeSpan AnswerGrace = TimeSpan.FromSeconds(30);

    /// <summary>The longest a stop is waited for: above the agent's own bound for any grace period in use.</summary>
    public static readonly TimeSpan StopDeadline = TimeSpan.FromMinutes(15);

    /// <exception cref="ArgumentException">The plan has a slot twice: events name slots by their number.</exception>
    public static RolloutState Begin(ServicePlan plan)
    {
        if (plan.Slots.CountBy(s => s.Slot).FirstOrDefault(n => n.Value > 1) is { Value: > 1 } twice)
        {
            throw new ArgumentException($"the plan of service {plan.Service} has slot {twice.Key} {twice.Value} times", nameof(plan));
        }
        var parallelism = plan.Policy.Parallelism <= 0 ? int.MaxValue : plan.Policy.Parallelism;
        var first = plan.Strategy is { Kind: StrategyKind.Canary } canary ? canary.First : 0;
        var opening = first == 0 ? 0 : 1;
        var replacing = opening + (plan.Slots.Where(s => s.Action != SlotAction.Remove).Skip(first).Any(s => s.Old.IsEmpty) ? 1 : 0);
        var (position, replaced) = (0, 0);
        ImmutableArray<SlotState> changes = [.. plan.Slots.Where(s => s.Action != SlotAction.Remove).Select(s => StateOf(s, BatchOf(s)))];
        var removalBatch = changes.IsEmpty ? 0 : changes.Max(s => s.Batch) + 1;
        return new RolloutState { Plan = plan, Slots = [.. changes, .. plan.Slots.Where(s => s.Action == SlotAction.Remove).Select(s => StateOf(s, removalBatch))] };

        // A canary is a batch of its own size. What replaces nothing takes nothing away: it begins all at once, and before anything is taken away.
        int BatchOf(SlotPlan slot) => position++ < first ? 0 : slot.Old.IsEmpty ? opening : replacing + (replaced++ / parallelism);
    }

    private static SlotState StateOf(SlotPlan slot, int batch) => new() { Plan = slot, Batch = batch, Host = slot.Host, OldLeft = slot.Old };

    /// <summary>The next event, or null when there is nothing to do but wait. Ask again after applying it.</summary>
    public static RolloutEvent? Decide(RolloutState state, DateTimeOffset now) => state.Phase switch
    {
        RolloutPhase.Ended or RolloutPhase.Paused => null,
        RolloutPhase.Unwinding => FailOverdue(state, now) ?? CallOff(state, now) ?? EndWhenSettled(state, now, state.UnwindsTo!.Value),
        RolloutPhase.Aborting => FailOverdue(state, now) ?? (state.IsStaging ? CallOff(state, now) : null) ?? EndWhenSettled(state, now, RolloutOutcome.Aborted),
        RolloutPhase.Pausing => FailOverdue(state, now) ?? (state.HasInFlight ? null : PauseOrEnd(state, now)),
        RolloutPhase.Delaying => FailOverdue(state, now) ?? ReactToFailures(state, now) ?? (now >= state.DelayUntil ? NextBatch(state, now) : null),
        RolloutPhase.Holding => FailOverdue(state, now) ?? ReactToFailures(state, now) ?? (now >= state.HoldUntil ? new RolloutEvent.Promoted(OnRequest: false) { At = now } : null),
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
        return times.Append(state.DelayUntil).Append(state.HoldUntil).Min();
    }

    /// <summary>The commands that follow from a change of state, in slot order.</summary>
    public static IEnumerable<RolloutCommand> Effects(RolloutState before, RolloutState after)
    {
        if (before.Batch < 0 && after.Batch == 0)
        {
            foreach (var prefetch in Prefetches(after))
            {
                yield return prefetch;
            }
        }
        for (var index = 0; index < after.Slots.Length; index++)
        {
            var (was, now) = (before.Slots[index], after.Slots[index]);
            if (IsSwitchUndone(after, now) && !IsSwitchUndone(before, was))
            {
                foreach (var undrain in UndrainOld(now))
                {
                    yield return undrain;
                }
            }
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
            if (HasOldOut(before, was) && !HasOldOut(after, now) && now.Phase is not (SlotPhase.Retiring or SlotPhase.StoppingOld or SlotPhase.Done))
            {
                foreach (var undrain in UndrainOld(now))
                {
                    yield return undrain;
                }
            }

            if (IsGivenUp(now))
            {
                foreach (var undrain in UndrainLost(after, now))
                {
                    yield return undrain;
                }
            }

            // Behind the old one's return: no table has neither.
            foreach (var withdrawal in Withdrawal(now))
            {
                yield return withdrawal;
            }
            if (now.Phase == SlotPhase.Failed && was.Phase == SlotPhase.Staged)
            {
                yield return Discard(after, now);
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

    /// <summary>One for each host that the first batch does not touch.</summary>
    private static IEnumerable<RolloutCommand> Prefetches(RolloutState state)
    {
        var changes = state.Slots.Where(s => s.Plan.Action != SlotAction.Remove && s.Host is not null && !state.LostHosts.Contains(s.Host));
        return changes.GroupBy(s => s.Host!, StringComparer.Ordinal).Where(h => h.All(s => s.Batch > 0)).Select(h => new RolloutCommand.Prefetch(h.First().Plan.Slot, h.Key));
    }

    /// <summary>What must be sent again after a restart of the coordinator: commands are idempotent.</summary>
    public static IEnumerable<RolloutCommand> Outstanding(RolloutState state) => state.Slots.SelectMany(s => Outstanding(state, s).Concat(Unanswered(state, s)));

    /// <summary>Sent when a slot was given up, and lost if the coordinator ended then.</summary>
    private static IEnumerable<RolloutCommand> Unanswered(RolloutState state, SlotState slot)
    {
        if (IsSwitchUndone(state, slot) || IsGivenUp(slot))
        {
            foreach (var undrain in UndrainOld(slot).Concat(UndrainLost(state, slot)))
            {
                yield return undrain;
            }
        }
        foreach (var withdrawal in Withdrawal(slot))
        {
            yield return withdrawal;
        }

        // Its agent has stopped one that failed before it was staged; then this changes nothing.
        if (state.IsStaging && slot is { Phase: SlotPhase.Failed, Host: not null, Failure.Stage: ReplicaStage.Monitor })
        {
            yield return Discard(state, slot);
        }
    }

    /// <summary>Nothing has taken the place of its old replicas.</summary>
    private static bool IsGivenUp(SlotState slot) => slot is { Phase: SlotPhase.Failed or SlotPhase.Cancelled, IsOldRetired: false };

    /// <summary>Old replicas on hosts that were lost under way count as gone. When such a host returns they may well run: what was drained of them must serve again then.</summary>
    private static IEnumerable<RolloutCommand> UndrainLost(RolloutState state, SlotState slot) =>
        slot.Plan.Old.Where(o => state.LostHosts.Contains(o.Host)).Select(o => new RolloutCommand.Undrain(slot.Plan.Slot, o.Host, o.Revision));

    /// <summary>Also where the old one is none to go back to, for it may serve; the traffic keeps the new one if that is the last of its slot.</summary>
    private static IEnumerable<RolloutCommand> Withdrawal(SlotState slot) =>
        slot is { IsSentBack: true, Host: { } host, OldLeft.IsEmpty: false } ? [new RolloutCommand.Withdraw(slot.Plan.Slot, host, slot.Attempt)] : [];

    private static IEnumerable<RolloutCommand> UndrainOld(SlotState slot) => slot.OldLeft.Select(o => new RolloutCommand.Undrain(slot.Plan.Slot, o.Host, o.Revision));

    /// <summary>As the agent does with one that fails before: it is kept for its logs. Only one without traffic: what serves is drained first.</summary>
    private static RolloutCommand.StopOld Discard(RolloutState state, SlotState slot) => new(slot.Plan.Slot, slot.Host!, state.Plan.ToRevision, Retain: true, slot.Attempt);

    private static IEnumerable<RolloutCommand> Outstanding(RolloutState state, SlotState slot)
    {
        var number = slot.Plan.Slot;
        return slot.Phase switch
        {
            SlotPhase.Preparing => [new RolloutCommand.Prepare(number, slot.Host!, slot.Attempt)],
            SlotPhase.Starting => [new RolloutCommand.Start(number, slot.Host!, slot.Attempt)],
            SlotPhase.Withholding => [new RolloutCommand.Withhold(number, slot.Host!, slot.Attempt)],
            SlotPhase.Publishing => [state.IsBlueGreen ? new RolloutCommand.Switch(number, slot.Host!, slot.Attempt) : new RolloutCommand.Publish(number, slot.Host!, slot.Attempt)],
            SlotPhase.Judging => IsToBeJudged(state, slot) ? [new RolloutCommand.Judge(number, slot.Host!, slot.Attempt)] : [],
            SlotPhase.Yielding or SlotPhase.Draining => slot.OldInTraffic.Select(o => new RolloutCommand.Drain(number, o.Host, o.Revision, slot.Attempt)),
            SlotPhase.StoppingOld => InTheWay(state, slot).Select(o => new RolloutCommand.StopOld(number, o.Host, o.Revision, Retains(state, slot, o), slot.Attempt)),
            SlotPhase.Retiring => slot.OldLeft.Select(o => new RolloutCommand.StopOld(number, o.Host, o.Revision, Retains(state, slot, o), slot.Attempt)),
            SlotPhase.Cancelling => [new RolloutCommand.CancelNew(number, slot.Host!, slot.Attempt)],
            SlotPhase.Reassigning => [new RolloutCommand.Reassign(number, slot.Attempt)],
            SlotPhase.Pending or SlotPhase.Staged or SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled => Enumerable.Empty<RolloutCommand>(),
        };
    }

    private static RolloutEvent? FailOverdue(RolloutState state, DateTimeOffset now)
    {
        foreach (var slot in state.Slots)
        {
            if (slot.IsInFlight && (now >= DeadlineOf(state, slot) || (slot.Phase == SlotPhase.Reassigning && slot.Attempt - slot.AttemptsBefore >= AttemptsMax)))
            {
                return new RolloutEvent.ReplicaFailed(slot.Plan.Slot, slot.Attempt, Overdue(slot)) { At = now };
            }
        }
        return null;
    }

    private static RolloutEvent? ReactToFailures(RolloutState state, DateTimeOffset now)
    {
        // A set that is switched to is whole, or it is not switched to. A canary is judged by itself: its failure is not to be outvoted by what has not begun.
        var tried = state.IsPromoted || state.Plan.Strategy is null || state.IsStaging ? [.. state.Slots] : state.Slots.RemoveAll(s => s.Batch > 0);
        var (failed, total) = (tried.Count(s => s.Phase == SlotPhase.Failed), Math.Max(1, tried.Count(s => s.Plan.Action != SlotAction.Remove)));
        if (failed == 0 || (!state.IsStaging && (double)failed / total <= state.Plan.Policy.MaxFailureRatio))
        {
            return null;
        }
        var reason = state.IsStaging
            ? $"{failed} of {total} replicas failed before the traffic was switched to them"
            : $"{failed} of {total} {(total < state.Total ? "canary " : "")}replicas failed, above max_failure_ratio {state.Plan.Policy.MaxFailureRatio:0.##}";
        return state.Plan.Policy.FailureAction switch
        {
            FailureAction.Continue => state.IsStaging ? new RolloutEvent.UnwindStarted(RolloutOutcome.Failed, reason) { At = now } : null,
            FailureAction.Pause => new RolloutEvent.PauseStarted(reason) { At = now },
            FailureAction.Rollback => new RolloutEvent.UnwindStarted(RolloutOutcome.NeedsRollback, reason) { At = now },
        };
    }

    /// <summary>A pause that came with the last replicas has nothing to hold.</summary>
    private static RolloutEvent PauseOrEnd(RolloutState state, DateTimeOffset now) => state.Slots.All(s => s.Phase == SlotPhase.Done)
        ? new RolloutEvent.Ended(RolloutOutcome.Succeeded, null) { At = now }
        : new RolloutEvent.Paused { At = now };

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
        if (IsToBeHeld(state))
        {
            return state.Plan.Strategy!.Hold == TimeSpan.Zero
                ? new RolloutEvent.Promoted(OnRequest: false) { At = now }
                : new RolloutEvent.HoldStarted(now + state.Plan.Strategy.Hold) { At = now };
        }
        if (state.Plan.WaitsForOld && begun.Any(s => s.Phase is SlotPhase.Draining or SlotPhase.Retiring))
        {
            return null;
        }
        if (state.Batch + 1 >= state.BatchCount)
        {
            return EndWhenSettled(state, now, state.Failed == 0 ? RolloutOutcome.Succeeded : RolloutOutcome.Failed);
        }
        var isAfterHold = state.IsPromoted && (state.IsBlueGreen || state.Batch == 0);
        var delay = state.Batch < 0 || isAfterHold ? TimeSpan.Zero : state.Plan.Policy.Delay;
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
        if (state.IsStaging)
        {
            return SlotPhase.Withholding;
        }
        return InTheWay(state, slot).IsEmpty ? SlotPhase.Starting : SlotPhase.Preparing;
    }

    private static RolloutEvent? CallOff(RolloutState state, DateTimeOffset now) =>
        state.Slots.FirstOrDefault(s => s.Phase is SlotPhase.Starting or SlotPhase.Staged) is { } starting
            ? new RolloutEvent.PhaseEntered(starting.Plan.Slot, SlotPhase.Cancelling) { At = now }
            : null;

    private static RolloutEvent? EndWhenSettled(RolloutState state, DateTimeOffset now, RolloutOutcome outcome) =>
        state.HasInFlight ? null : new RolloutEvent.Ended(outcome, state.Reason) { At = now };

    private static bool IsDraining(SlotPhase phase) => phase is SlotPhase.Yielding or SlotPhase.Draining;

    /// <summary>All that is worked before the hold is, and the hold has not been.</summary>
    private static bool IsToBeHeld(RolloutState state) =>
        state is { IsPromoted: false, Batch: >= 0, Plan.Strategy: not null }
        && state.Slots.All(s => s.Batch <= state.Batch ? s.IsSettled : !state.IsBlueGreen || s.Plan.Action == SlotAction.Remove);

    /// <summary>The new replica has passed all that it had to, and yet its rollout waits: when it dies it has failed.</summary>
    public static bool IsWatched(RolloutState state, SlotState slot) => slot.Phase == SlotPhase.Staged
        || (state is { Phase: RolloutPhase.Holding, IsBlueGreen: false } && slot is { Batch: 0, Plan.Action: not SlotAction.Remove, Phase: SlotPhase.Draining or SlotPhase.Retiring or SlotPhase.Done });

    /// <summary>Its new replica has taken the place of the old one, and batches are to come that rely on it.</summary>
    public static bool IsInPlace(RolloutState state, SlotState slot) => state.Phase is RolloutPhase.Running or RolloutPhase.Delaying
        && slot.Batch <= state.Batch && slot.Plan.Action != SlotAction.Remove && slot.Phase is SlotPhase.Draining or SlotPhase.Retiring or SlotPhase.Done;

    /// <summary>Of a global service: dropped with its host from the set that is being staged, whole again only with it. Not for ever, where the host comes and goes.</summary>
    public static bool AwaitsItsHost(RolloutState state, SlotState slot) =>
        state is { IsStaging: true, Phase: RolloutPhase.Running or RolloutPhase.Delaying or RolloutPhase.Holding }
        && slot is { Phase: SlotPhase.Cancelled, Host: not null }
        && slot.Attempt - slot.AttemptsBefore < AttemptsMax - 1;

    /// <summary>Old replicas that leave the traffic with the switch, whatever their slot waits for.</summary>
    public static IEnumerable<(int Slot, Placement Old)> SwitchedFrom(RolloutState state) =>
        from slot in state.Slots
        where slot.Phase == SlotPhase.Publishing || slot is { Phase: SlotPhase.Pending, Plan.Action: SlotAction.Remove }
        from old in slot.OldLeft
        select (slot.Plan.Slot, old);

    /// <summary>The old replicas of the slot have no traffic, or are losing it.</summary>
    private static bool HasOldOut(RolloutState state, SlotState slot) => IsDraining(slot.Phase) || (state.IsBlueGreen && slot.Phase == SlotPhase.Publishing);

    /// <summary>The slot was to go away, the switch has taken its replicas out of the traffic, and the rollout goes back before they were drained.</summary>
    private static bool IsSwitchUndone(RolloutState state, SlotState slot) =>
        state is { IsBlueGreen: true, IsPromoted: true, UnwindsTo: not null } && slot is { Phase: SlotPhase.Pending, Plan.Action: SlotAction.Remove };

    /// <summary>The new replica may have traffic that is the old one's again; what is held is left to what comes of the hold.</summary>
    /// <param name="slot">As it was, but for its failure.</param>
    private static bool IsSentBack(RolloutState state, SlotState slot, SlotPhase next) =>
        (slot.Phase == SlotPhase.Judging && next == SlotPhase.Failed)
        || (slot is { Phase: SlotPhase.Publishing or SlotPhase.Draining, Failure.Stage: ReplicaStage.Monitor } && next == SlotPhase.Failed && !IsWatched(state, slot))
        || (state.IsBlueGreen && slot.Phase == SlotPhase.Publishing && next is SlotPhase.Failed or SlotPhase.Cancelled);

    /// <summary>Only what served is worth going back to, and only where the slot lives on; of several, as many as are retained, the current revision's first.</summary>
    private static bool Retains(RolloutState state, SlotState slot, Placement old) =>
        slot.Plan.Action == SlotAction.Replace
        && slot.Plan.Old
            .Where(o => o.Serving && o.Revision != state.Plan.ToRevision)
            .OrderByDescending(o => o.Revision == state.Plan.FromRevision)
            .Take(state.Plan.Retain)
            .Contains(old);

    /// <summary>
    /// The old replicas that have to go before the new one starts: with stop-first all of them, else only the one whose very container name it takes. Another
    /// that serves goes on until the new one does.
    /// </summary>
    private static ImmutableArray<Placement> InTheWay(RolloutState state, SlotState slot) =>
        state.Plan.Policy.Order == UpdateOrder.StopFirst ? slot.OldLeft : slot.OldLeft.RemoveAll(o => o.Host != slot.Host || o.Revision != state.Plan.ToRevision);

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
            SlotPhase.Preparing or SlotPhase.Withholding or SlotPhase.Starting or SlotPhase.Publishing or SlotPhase.Reassigning => state.Plan.ProgressDeadline + AnswerGrace,
            SlotPhase.Yielding or SlotPhase.Draining => state.Plan.DrainTimeout + StopDeadline,
            SlotPhase.StoppingOld or SlotPhase.Retiring or SlotPhase.Cancelling or SlotPhase.Judging or SlotPhase.Pending or SlotPhase.Staged or SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled => StopDeadline,
        };

    private static FailureReport Overdue(SlotState slot) => slot.Phase switch
    {
        SlotPhase.Preparing or SlotPhase.Starting => new FailureReport { Stage = ReplicaStage.Gate, Message = $"host {slot.Host} did not report the replica ready before its progress deadline" },
        SlotPhase.Withholding => new FailureReport { Stage = ReplicaStage.Traffic, Message = "the traffic did not take in that the replica is to be left out; the coordinator's log says why" },
        SlotPhase.Publishing => new FailureReport { Stage = ReplicaStage.Traffic, Message = "not every ingress has the replica within the progress deadline; `orchestrator ps` and the agents' logs say which host's does not answer" },
        SlotPhase.Judging => new FailureReport { Stage = ReplicaStage.Traffic, Message = "its traffic was not judged in time; the coordinator's log says why" },
        SlotPhase.Yielding or SlotPhase.Draining => new FailureReport { Stage = ReplicaStage.Traffic, Message = $"not every ingress has let go of the old replica on {string.Join(", ", slot.OldInTraffic.Select(o => o.Host).Distinct())}" },
        SlotPhase.Reassigning => new FailureReport { Stage = ReplicaStage.Host, Message = $"host {slot.Host} is lost and no other host could take the replica" },
        _ => new FailureReport { Stage = ReplicaStage.Stop, Message = $"no answer to a stop within {StopDeadline.TotalMinutes:0} min from {string.Join(", ", slot.OldLeft.Select(o => o.Host).Append(slot.Host).OfType<string>().Distinct())}" },
    };
}
