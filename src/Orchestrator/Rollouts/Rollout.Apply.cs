using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Rollouts;

public static partial class Rollout
{
    /// <summary>Folds an event in. One of an earlier attempt, or one the slot's phase does not wait for, changes nothing: messages may come twice and late.</summary>
    public static RolloutState Apply(RolloutState state, RolloutEvent happened) => happened switch
    {
        _ when state.Phase == RolloutPhase.Ended => state,
        RolloutEvent.BatchStarted e => state with { Phase = RolloutPhase.Running, Batch = e.Batch, DelayUntil = null },
        RolloutEvent.DelayStarted e => state with { Phase = RolloutPhase.Delaying, DelayUntil = e.Until },
        RolloutEvent.HoldStarted e => state with { Phase = RolloutPhase.Holding, HoldUntil = e.Until },
        RolloutEvent.Promoted e => Promote(state, e.At),
        RolloutEvent.PhaseEntered e => Enter(state, e),
        RolloutEvent.ReplicaPrepared e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Preparing) is { } slot
            ? Move(state, slot, SlotPhase.Yielding, e.At)
            : state,
        RolloutEvent.ReplicaWithheld e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Withholding) is { } slot ? Move(state, slot, SlotPhase.Starting, e.At) : state,
        RolloutEvent.ReplicaReady e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Starting) is { } slot ? state.With(slot with { IsReady = true }) : state,
        RolloutEvent.ReplicaPassed e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Starting) is { } slot ? Move(state, slot, state.IsStaging ? SlotPhase.Staged : SlotPhase.Publishing, e.At) : state,
        RolloutEvent.ReplicaPublished e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Publishing) is { } slot ? Move(state, slot, state.Plan.Slo is null ? SlotPhase.Draining : SlotPhase.Judging, e.At) : state,
        RolloutEvent.ReplicaJudged e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Judging) is { } slot ? Move(state, slot, SlotPhase.Draining, e.At) : state,
        RolloutEvent.OldDrained e => Drain(state, e),
        RolloutEvent.ReplicaFailed e => Fail(state, e),
        RolloutEvent.OldStopped e => StopOld(state, e),
        RolloutEvent.NewCancelled e => Waiting(state, e.Slot, e.Attempt, SlotPhase.Cancelling) is { } slot ? Move(state, slot, SlotPhase.Cancelled, e.At) : state,
        RolloutEvent.HostLost e => Lose(state, e),
        RolloutEvent.SlotReassigned e => Reassign(state, e),
        RolloutEvent.SlotDropped e => state.Slot(e.Slot) is { Phase: SlotPhase.Reassigning } slot ? Move(state, slot, SlotPhase.Cancelled, e.At) : state,
        RolloutEvent.PauseStarted e => state with { Phase = RolloutPhase.Pausing, Reason = e.Reason, DelayUntil = null, HoldUntil = null },
        RolloutEvent.Paused => state with { Phase = RolloutPhase.Paused },
        RolloutEvent.Resumed e => Resume(state, e.At),
        RolloutEvent.AbortRequested e => state with { Phase = RolloutPhase.Aborting, Reason = e.Reason, DelayUntil = null, HoldUntil = null },
        RolloutEvent.UnwindStarted e => Unwind(state, e),
        RolloutEvent.Ended e => state with { Phase = RolloutPhase.Ended, Outcome = e.Outcome, Reason = e.Reason },
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "no such rollout event"),
    };

    private static RolloutState Enter(RolloutState state, RolloutEvent.PhaseEntered e)
    {
        if (state.Slot(e.Slot) is not { } slot)
        {
            return state;
        }
        var attempt = slot.Phase == SlotPhase.Pending ? slot.Attempt + 1 : slot.Attempt;
        return Move(state, slot with { Attempt = attempt, Failure = null }, e.Phase, e.At);
    }

    /// <summary>The one place where a slot changes its phase; with nothing to drain or stop the phase after is entered at once.</summary>
    private static RolloutState Move(RolloutState state, SlotState slot, SlotPhase phase, DateTimeOffset at)
    {
        if (phase == SlotPhase.Yielding && InTheWay(state, slot).IsEmpty)
        {
            phase = SlotPhase.Starting;
        }
        if (phase == SlotPhase.Starting && (state.Phase == RolloutPhase.Unwinding || (state.Phase == RolloutPhase.Aborting && state.IsStaging)))
        {
            phase = SlotPhase.Cancelled;
        }
        if (phase is SlotPhase.Draining or SlotPhase.Retiring && slot.OldLeft.IsEmpty)
        {
            phase = SlotPhase.Done;
        }
        return state.With(slot with
        {
            Phase = phase,
            Since = at,
            IsOldRetired = phase is SlotPhase.StoppingOld or SlotPhase.Retiring || (slot.IsOldRetired && !HasOldOut(state, slot with { Phase = phase })),
            IsReady = phase is SlotPhase.Staged or SlotPhase.Publishing or SlotPhase.Judging or SlotPhase.Draining or SlotPhase.Retiring or SlotPhase.Done,
            IsSentBack = IsSentBack(state, slot, phase),
            OldInTraffic = phase == SlotPhase.Yielding ? InTheWay(state, slot) : phase == SlotPhase.Draining ? slot.OldLeft : [],
        });
    }

    private static RolloutState StopOld(RolloutState state, RolloutEvent.OldStopped e)
    {
        if (state.Slot(e.Slot) is not { Phase: SlotPhase.StoppingOld or SlotPhase.Retiring } slot)
        {
            return state;
        }
        return OldGone(state, slot with { OldLeft = slot.OldLeft.RemoveAll(o => o.Host == e.Host && o.Revision == e.Revision) }, e.At);
    }

    private static RolloutState Drain(RolloutState state, RolloutEvent.OldDrained e)
    {
        if (state.Slot(e.Slot) is not { Phase: SlotPhase.Yielding or SlotPhase.Draining } slot)
        {
            return state;
        }
        return OldGone(state, slot with { OldInTraffic = slot.OldInTraffic.RemoveAll(o => o.Host == e.Host && o.Revision == e.Revision) }, e.At);
    }

    private static RolloutState OldGone(RolloutState state, SlotState slot, DateTimeOffset at) => slot switch
    {
        { OldInTraffic.IsEmpty: true, Phase: SlotPhase.Yielding } => Move(state, slot, InTheWay(state, slot).IsEmpty ? SlotPhase.Starting : SlotPhase.StoppingOld, at),
        { OldInTraffic.IsEmpty: true, Phase: SlotPhase.Draining } => Move(state, slot, SlotPhase.Retiring, at),
        { Phase: SlotPhase.StoppingOld } when InTheWay(state, slot).IsEmpty => Move(state, slot, SlotPhase.Starting, at),
        { OldLeft.IsEmpty: true, Phase: SlotPhase.Retiring } => Move(state, slot, SlotPhase.Done, at),
        _ => state.With(slot),
    };

    private static RolloutState Fail(RolloutState state, RolloutEvent.ReplicaFailed e)
    {
        if (state.Slot(e.Slot) is not { } slot || slot.Attempt != e.Attempt || !(slot.IsInFlight || IsWatched(state, slot) || (e.Report.Stage == ReplicaStage.Monitor && IsInPlace(state, slot))))
        {
            return state;
        }
        if (IsWatched(state, slot) && slot.Phase != SlotPhase.Staged && e.Report.Stage != ReplicaStage.Monitor)
        {
            // An old one that does not go says nothing against the new one, which is what is held; whatever is planned next finds it.
            return slot.IsInFlight ? Move(state, slot with { Failure = e.Report }, SlotPhase.Done, e.At) : state;
        }
        return Move(state, slot with { Failure = e.Report }, slot.Phase == SlotPhase.Cancelling ? SlotPhase.Cancelled : SlotPhase.Failed, e.At);
    }

    /// <summary>What was to be stopped on a lost host does not serve any more: it is reconciled when the host returns. What was to start there goes elsewhere.</summary>
    private static RolloutState Lose(RolloutState state, RolloutEvent.HostLost e)
    {
        state = state with { LostHosts = state.LostHosts.Add(e.Host) };
        foreach (var slot in state.Slots)
        {
            var left = slot with
            {
                OldLeft = slot.OldLeft.RemoveAll(o => o.Host == e.Host),
                OldLost = slot.OldLost.AddRange(slot.OldLeft.Where(o => o.Host == e.Host)),
                OldInTraffic = slot.OldInTraffic.RemoveAll(o => o.Host == e.Host),
            };
            if (slot.Host != e.Host)
            {
                // What was left beside one that is lost is all that the slot has.
                state = slot.Phase == SlotPhase.Draining && slot.Plan.KeptHost == e.Host ? Move(state, left, SlotPhase.Cancelled, e.At) : OldGone(state, left, e.At);
                continue;
            }
            state = slot.Phase switch
            {
                SlotPhase.Cancelling => Move(state, left, SlotPhase.Cancelled, e.At),
                SlotPhase.Preparing or SlotPhase.Yielding or SlotPhase.StoppingOld or SlotPhase.Withholding or SlotPhase.Starting or SlotPhase.Staged or SlotPhase.Publishing or SlotPhase.Judging =>
                    Move(state, left, state.Phase == RolloutPhase.Unwinding ? SlotPhase.Cancelled : SlotPhase.Reassigning, e.At),

                // What is held is there to be watched: another takes its place.
                SlotPhase.Draining or SlotPhase.Retiring or SlotPhase.Done when IsWatched(state, slot) => Move(state, left, SlotPhase.Reassigning, e.At),

                // The old replicas still run: they take the traffic again until the new one is somewhere else.
                SlotPhase.Draining when left.OldLeft.Length > 0 && left.Plan.Action != SlotAction.Remove => Move(state, left, state.Phase == RolloutPhase.Unwinding ? SlotPhase.Cancelled : SlotPhase.Reassigning, e.At),
                SlotPhase.Draining or SlotPhase.Retiring => OldGone(state, left, e.At),
                SlotPhase.Pending or SlotPhase.Reassigning or SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled => state.With(left),
            };
        }

        // It is held again, for its whole time, once the lost ones are somewhere else.
        return state.Slots.Any(s => s.Phase == SlotPhase.Reassigning) ? InterruptHold(state) : state;
    }

    private static RolloutState Reassign(RolloutState state, RolloutEvent.SlotReassigned e)
    {
        if (state.Slot(e.Slot) is not { } slot)
        {
            return state;
        }
        if (slot.Phase == SlotPhase.Reassigning && slot.Host != e.Host)
        {
            return Move(state, slot with { Host = e.Host }, SlotPhase.Pending, e.At);
        }
        if (slot.Phase != SlotPhase.Reassigning && (slot.Host != e.Host || !AwaitsItsHost(state, slot)))
        {
            return state;
        }

        // Its own is back, with the old replicas it had, and what is held is held again with the slot, for its whole time.
        var back = slot with { OldLeft = slot.OldLeft.AddRange(slot.OldLost.Where(o => o.Host == e.Host)), OldLost = slot.OldLost.RemoveAll(o => o.Host == e.Host) };
        return Move(InterruptHold(state with { LostHosts = state.LostHosts.Remove(e.Host) }), back, SlotPhase.Pending, e.At);
    }

    private static RolloutState InterruptHold(RolloutState state) => state.Phase == RolloutPhase.Holding ? state with { Phase = RolloutPhase.Running, HoldUntil = null } : state;

    private static RolloutState Unwind(RolloutState state, RolloutEvent.UnwindStarted e)
    {
        state = state with { Phase = RolloutPhase.Unwinding, UnwindsTo = e.Outcome, Reason = e.Reason, DelayUntil = null, HoldUntil = null };
        foreach (var slot in state.Slots.Where(s => s.Phase is SlotPhase.Preparing or SlotPhase.Withholding or SlotPhase.Reassigning or SlotPhase.Yielding or SlotPhase.Publishing or SlotPhase.Judging or SlotPhase.Draining))
        {
            // A pull does no harm when it ends unneeded. Where both run, or the old one still does, whatever is planned next finds them so.
            state = Move(state, slot, SlotPhase.Cancelled, e.At);
        }
        return state;
    }

    private static RolloutState Promote(RolloutState state, DateTimeOffset at)
    {
        if (state.Phase != RolloutPhase.Holding && !(state.Phase == RolloutPhase.Running && IsToBeHeld(state)))
        {
            return state;
        }
        state = state with { Phase = RolloutPhase.Running, HoldUntil = null, IsPromoted = true };
        foreach (var slot in state.Slots.Where(s => s.Phase == SlotPhase.Staged))
        {
            state = Move(state, slot, SlotPhase.Publishing, at);
        }
        return state;
    }

    /// <summary>Hosts that were lost may be back, with the old replicas they had; one that is not is lost again by the first command to it.</summary>
    private static RolloutState Resume(RolloutState state, DateTimeOffset at)
    {
        state = state with { Phase = RolloutPhase.Running, Reason = null, LostHosts = [] };
        foreach (var slot in state.Slots.Where(s => s.Phase is SlotPhase.Pending or SlotPhase.Reassigning or SlotPhase.Failed or SlotPhase.Cancelled))
        {
            var again = slot with { OldLeft = slot.OldLeft.AddRange(slot.OldLost), OldLost = [], AttemptsBefore = slot.Attempt };
            state = slot.Phase is SlotPhase.Pending or SlotPhase.Reassigning ? state.With(again) : Move(state, again with { Failure = null }, SlotPhase.Pending, at);
        }
        return state;
    }

    private static SlotState? Waiting(RolloutState state, int number, int attempt, SlotPhase phase) =>
        state.Slot(number) is { } slot && slot.Phase == phase && slot.Attempt == attempt ? slot : null;
}
