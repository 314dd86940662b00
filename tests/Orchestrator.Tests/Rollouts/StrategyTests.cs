using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Rollouts;

/// <summary>Canary and blue-green: the transitions of docs/rollout.md that a rolling update has not.</summary>
public sealed class StrategyTests
{
    private static readonly UpdateSpec Policy = new() { Order = UpdateOrder.StartFirst, Parallelism = 2, FailureAction = FailureAction.Pause };
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(5);

    [Fact]
    public void Canary_is_a_batch_of_its_own_and_the_rest_follows_when_its_time_is_over()
    {
        var run = Canary(5, first: 1, Hold);
        Assert.Equal("start:1@h1", run.Asked);
        run.Serve(1);
        Assert.Equal((RolloutPhase.Holding, run.Now + Hold, "drain:1"), (run.State.Phase, run.State.HoldUntil, run.Asked));

        run.Gone(1);
        Assert.Equal(run.Now + Hold, Rollout.NextWakeup(run.State));
        Assert.Equal("", run.Wait(Hold - TimeSpan.FromSeconds(1)).Asked);
        Assert.Equal("start:2@h2 start:3@h3", run.Wait(TimeSpan.FromSeconds(1)).Asked);
        Assert.False(Assert.Single(run.Events.OfType<RolloutEvent.Promoted>()).OnRequest);

        run.Serve(2).Gone(2).Serve(3).Gone(3);
        Assert.Equal("start:4@h4 start:5@h5", run.Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(4).Gone(4).Serve(5).Gone(5).State.Outcome);
    }

    [Fact]
    public void Canary_is_promoted_by_a_person_only_where_nobody_else_may_and_no_delay_follows()
    {
        var run = Canary(3, first: 2, hold: null, Policy with { Delay = TimeSpan.FromHours(1) });
        run.Serve(1).Gone(1).Serve(2).Gone(2);
        Assert.Equal((RolloutPhase.Holding, null, null), (run.State.Phase, run.State.HoldUntil, Rollout.NextWakeup(run.State)));
        Assert.Equal(RolloutPhase.Holding, run.Wait(TimeSpan.FromDays(30)).State.Phase);
        Assert.Equal("start:3@h3", run.Promote().Asked);
    }

    [Fact]
    public void Promotion_before_or_after_the_hold_changes_nothing()
    {
        var run = Canary(3, first: 1, Hold);
        Assert.Equal(RolloutPhase.Running, run.Promote().State.Phase);
        Assert.False(run.State.IsPromoted);
        Assert.Equal(RolloutPhase.Holding, run.Serve(1).State.Phase);
        var promoted = run.Promote().State;
        Assert.Same(promoted, run.Promote().State);
    }

    [Theory]
    [InlineData(FailureAction.Pause, RolloutPhase.Paused)]
    [InlineData(FailureAction.Continue, RolloutPhase.Holding)]
    [InlineData(FailureAction.Rollback, RolloutPhase.Ended)]
    public void Canary_that_dies_while_it_is_held_has_failed_and_is_left_to_who_drains_it(FailureAction action, RolloutPhase phase)
    {
        var run = Canary(6, first: 1, Hold, Policy with { FailureAction = action });
        run.Serve(1).Gone(1).Die(1);
        Assert.Equal((phase, SlotPhase.Failed), (run.State.Phase, run.State.Slot(1)!.Phase));
        Assert.Empty(run.Discarded);
        Assert.Null(phase == RolloutPhase.Holding ? null : run.State.HoldUntil);
        Assert.Equal(action == FailureAction.Rollback ? RolloutOutcome.NeedsRollback : null, run.State.Outcome);
    }

    [Fact]
    public void Ratio_is_that_of_the_canary_until_it_is_promoted()
    {
        var policy = Policy with { MaxFailureRatio = 0.5, Parallelism = 0 };
        Assert.Equal(RolloutPhase.Pausing, Canary(10, first: 3, Hold, policy).Fail(1).Fail(2).State.Phase);

        var run = Canary(10, first: 2, Hold, policy);
        Assert.Equal(RolloutPhase.Holding, run.Fail(1).Serve(2).Gone(2).State.Phase);
        run.Promote().Fail(3).Fail(4).Fail(5).Fail(6);
        Assert.Equal(RolloutPhase.Running, run.State.Phase);
        Assert.Equal(RolloutPhase.Pausing, run.Fail(7).State.Phase);
        Assert.Equal("6 of 10 replicas failed, above max_failure_ratio 0.5", run.State.Reason);
    }

    [Fact]
    public void Canary_that_failed_is_tried_again_on_resume_and_held_for_its_whole_time()
    {
        var run = Canary(3, first: 1, Hold);
        run.Serve(1).Gone(1).Wait(TimeSpan.FromMinutes(4)).Die(1);
        Assert.Equal("1 of 1 canary replicas failed, above max_failure_ratio 0", run.State.Reason);

        run.Tell(new RolloutEvent.Resumed { At = run.Now });
        Assert.Equal("start:1@h1", run.Asked);
        run.Serve(1);
        Assert.Equal((RolloutPhase.Holding, run.Now + Hold), (run.State.Phase, run.State.HoldUntil));
    }

    [Fact]
    public void Canary_on_a_lost_host_goes_elsewhere_and_is_held_again()
    {
        var run = Canary(3, first: 1, Hold);
        run.Serve(1).Gone(1).Wait(TimeSpan.FromMinutes(4)).Lose("h1");
        Assert.Equal((RolloutPhase.Running, null, "reassign:1"), (run.State.Phase, run.State.HoldUntil, run.Asked));
        run.Tell(new RolloutEvent.SlotReassigned(1, "h9") { At = run.Now });
        Assert.Equal("start:1@h9", run.Asked);
        Assert.Equal((RolloutPhase.Holding, run.Now + Hold), (run.Serve(1).State.Phase, run.State.HoldUntil));
        Assert.Equal(RolloutPhase.Holding, run.Lose("h2").State.Phase);
    }

    [Fact]
    public void Canary_that_is_superseded_or_aborted_while_it_is_held_stays_as_it_is()
    {
        var superseded = Canary(3, first: 1, hold: null).Serve(1).Gone(1).Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = default });
        Assert.Equal((RolloutOutcome.Superseded, SlotPhase.Done, SlotPhase.Pending), (superseded.State.Outcome, superseded.State.Slot(1)!.Phase, superseded.State.Slot(2)!.Phase));

        var aborted = Canary(3, first: 1, Hold).Serve(1);
        aborted.Tell(new RolloutEvent.AbortRequested("enough") { At = aborted.Now });
        Assert.Equal((RolloutPhase.Aborting, "drain:1", null), (aborted.State.Phase, aborted.Asked, aborted.State.HoldUntil));
        Assert.Equal(RolloutOutcome.Aborted, aborted.Gone(1).State.Outcome);
    }

    [Fact]
    public void Old_replica_that_does_not_go_says_nothing_against_the_canary()
    {
        var overdue = Canary(3, first: 1, hold: null).Serve(1).Wait(TimeSpan.FromHours(1));
        Assert.Equal((RolloutPhase.Holding, SlotPhase.Done), (overdue.State.Phase, overdue.State.Slot(1)!.Phase));
        Assert.Equal("old", Assert.Single(overdue.State.Slot(1)!.OldLeft).Revision);

        var stopped = Canary(3, first: 1, Hold).Serve(1).Drained(1).Fail(1);
        Assert.Equal((RolloutPhase.Holding, SlotPhase.Done), (stopped.State.Phase, stopped.State.Slot(1)!.Phase));
        Assert.Equal(SlotPhase.Done, stopped.Fail(1).State.Slot(1)!.Phase);
        Assert.Empty(stopped.Undrained);
        Assert.Equal(SlotPhase.Failed, stopped.Die(1).State.Slot(1)!.Phase);
    }

    [Fact]
    public void Canary_of_all_replicas_is_held_before_the_end()
    {
        var run = Canary(1, first: 1, Hold).Serve(1).Gone(1);
        Assert.Equal(RolloutPhase.Holding, run.State.Phase);
        Assert.Equal(RolloutOutcome.Succeeded, run.Promote().State.Outcome);
    }

    [Fact]
    public void Canary_is_judged_before_it_is_held()
    {
        var run = new RolloutRun(RolloutRun.Plan(3, Policy) with { Strategy = new StrategyPlan(StrategyKind.Canary, 1, Hold), Slo = new SloSpec { ErrorRate = 0.01 } });
        Assert.Equal((RolloutPhase.Running, "judge:1"), (run.Serve(1).State.Phase, run.Asked));
        Assert.Equal(RolloutPhase.Holding, run.Judged(1).State.Phase);
    }

    [Fact]
    public void Blue_green_stages_all_in_batches_and_switches_them_together()
    {
        var run = BlueGreen(3, hold: null);
        Assert.Equal("withhold:1 withhold:2", run.Asked);
        Assert.Equal("withhold:2 start:1@h1", run.Withheld(1).Asked);
        Assert.Equal("withhold:2", run.Pass(1).Asked);
        Assert.Equal(SlotPhase.Staged, run.State.Slot(1)!.Phase);
        Assert.Equal("withhold:3", run.Stage(2).Asked);
        Assert.Equal((RolloutPhase.Holding, "", null), (run.Stage(3).State.Phase, run.Asked, Rollout.NextWakeup(run.State)));

        run.Promote();
        Assert.Equal("switch:1@h1 switch:2@h2 switch:3@h3", run.Asked);
        Assert.Equal([1, 2, 3], Rollout.SwitchedFrom(run.State).Select(o => o.Slot));

        Assert.Equal("switch:2@h2 switch:3@h3 drain:1", run.Published(1).Asked);
        Assert.Equal("switch:2@h2 switch:3@h3 stop:1+", run.Drained(1).Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Stopped(1).Published(2).Gone(2).Published(3).Gone(3).State.Outcome);
    }

    [Fact]
    public void Blue_green_is_switched_when_its_time_is_over_and_at_once_without_any()
    {
        Assert.Equal("switch:1@h1", BlueGreen(1, TimeSpan.Zero).Stage(1).Asked);
        var run = BlueGreen(1, Hold).Stage(1);
        Assert.Equal(run.Now + Hold, Rollout.NextWakeup(run.State));
        Assert.Equal("switch:1@h1", run.Wait(Hold).Asked);
    }

    [Fact]
    public void Slots_that_go_away_are_switched_from_with_the_others_and_stopped_after_them()
    {
        var plan = RolloutRun.Plan(2, Policy with { Delay = TimeSpan.FromHours(1) });
        var run = new RolloutRun(plan with { Strategy = new StrategyPlan(StrategyKind.BlueGreen, 2, null), Slots = plan.Slots.Add(new SlotPlan { Slot = 3, Action = SlotAction.Remove, Old = [new Placement("h3", "old", true)] }) });
        run.Stage(1).Stage(2);
        Assert.Equal((RolloutPhase.Holding, SlotPhase.Pending), (run.State.Phase, run.State.Slot(3)!.Phase));
        Assert.Equal("switch:1@h1 switch:2@h2", run.Promote().Asked);
        Assert.Equal([1, 2, 3], Rollout.SwitchedFrom(run.State).Select(o => o.Slot));
        Assert.Equal("drain:1 drain:2 drain:3", run.Published(1).Published(2).Asked);
        Assert.Equal("drain:1 drain:2 stop:3", run.Drained(3).Asked);
    }

    [Fact]
    public void New_slots_have_nothing_to_switch_from()
    {
        var plan = RolloutRun.Plan(1, Policy);
        var run = new RolloutRun(plan with { Strategy = new StrategyPlan(StrategyKind.BlueGreen, 2, TimeSpan.Zero), Slots = plan.Slots.Add(new SlotPlan { Slot = 2, Action = SlotAction.Create, Host = "h2" }) });
        run.Stage(2).Stage(1);
        Assert.Equal("switch:1@h1 switch:2@h2", run.Asked);
        Assert.Equal([1], Rollout.SwitchedFrom(run.State).Select(o => o.Slot));
        Assert.Equal(SlotPhase.Done, run.Published(2).State.Slot(2)!.Phase);
    }

    [Fact]
    public void Slot_that_was_dropped_with_its_host_is_staged_again_when_that_is_back_but_not_for_ever()
    {
        var run = BlueGreen(2, hold: null).Stage(1).Stage(2);
        for (var time = 1; time <= 3; time++)
        {
            DropSecond();
            Assert.Equal((RolloutPhase.Running, "withhold:2"), (run.Tell(Back()).State.Phase, run.Asked));
            Assert.Equal(RolloutPhase.Holding, run.Stage(2).State.Phase);
        }
        Assert.Equal([1, 2], Rollout.SwitchedFrom(Rollout.Apply(run.State, new RolloutEvent.Promoted(OnRequest: true) { At = run.Now })).Select(o => o.Slot));

        DropSecond();
        Assert.Equal((RolloutPhase.Holding, SlotPhase.Cancelled), (run.Tell(Back()).State.Phase, run.State.Slot(2)!.Phase));
        Assert.Equal("switch:1@h1", run.Promote().Asked);

        void DropSecond() => run.Lose("h2").Tell(new RolloutEvent.SlotDropped(2, "the service is global") { At = run.Now });

        RolloutEvent Back() => new RolloutEvent.SlotReassigned(2, "h2") { At = run.Now };
    }

    [Theory]
    [InlineData(FailureAction.Rollback, RolloutOutcome.NeedsRollback)]
    [InlineData(FailureAction.Continue, RolloutOutcome.Failed)]
    public void One_failure_before_the_switch_calls_the_whole_set_off_whatever_the_ratio(FailureAction action, RolloutOutcome outcome)
    {
        var run = BlueGreen(3, hold: null, Policy with { FailureAction = action, MaxFailureRatio = 0.9, Parallelism = 0 });
        run.Stage(1).Withheld(2).Fail(2);
        Assert.Equal((RolloutPhase.Unwinding, "cancel:1"), (run.State.Phase, run.Asked));
        Assert.Equal(SlotPhase.Cancelled, run.State.Slot(3)!.Phase);
        Assert.Equal("1 of 3 replicas failed before the traffic was switched to them", run.State.Reason);
        Assert.Equal(outcome, run.Cancelled(1).State.Outcome);
        Assert.DoesNotContain(run.Events, e => e is RolloutEvent.OldDrained or RolloutEvent.OldStopped);
    }

    [Fact]
    public void Staged_replica_that_dies_pauses_and_is_staged_again_on_resume()
    {
        var run = BlueGreen(2, hold: null).Stage(1).Stage(2).Die(1);
        Assert.Equal((RolloutPhase.Paused, SlotPhase.Failed, SlotPhase.Staged), (run.State.Phase, run.State.Slot(1)!.Phase, run.State.Slot(2)!.Phase));
        Assert.Equal([1], run.Discarded);
        Assert.Null(Rollout.NextWakeup(run.State));

        run.Tell(new RolloutEvent.Resumed { At = run.Now });
        Assert.Equal("withhold:1", run.Asked);
        Assert.Equal(RolloutPhase.Holding, run.Stage(1).State.Phase);
    }

    [Fact]
    public void Staged_replica_on_a_lost_host_is_staged_elsewhere_before_it_is_held_again()
    {
        var run = BlueGreen(2, Hold).Stage(1).Stage(2).Wait(TimeSpan.FromMinutes(4)).Lose("h2");
        Assert.Equal((RolloutPhase.Running, null, "reassign:2"), (run.State.Phase, run.State.HoldUntil, run.Asked));
        Assert.Empty(run.State.Slot(2)!.OldLeft);
        run.Tell(new RolloutEvent.SlotReassigned(2, "h9") { At = run.Now });
        Assert.Equal("withhold:2", run.Asked);
        Assert.Equal((RolloutPhase.Holding, run.Now + Hold), (run.Stage(2).State.Phase, run.State.HoldUntil));
        Assert.Equal("switch:1@h1 switch:2@h9", run.Promote().Asked);
    }

    [Fact]
    public void Superseding_calls_off_what_is_staged_withheld_and_starting()
    {
        var run = BlueGreen(4, hold: null, Policy with { Parallelism = 0 }).Stage(1).Withheld(2).Stage(3);
        run.Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now });
        Assert.Equal("cancel:1 cancel:2 cancel:3", run.Asked);
        Assert.Equal(SlotPhase.Cancelled, run.State.Slot(4)!.Phase);
        Assert.Equal(RolloutOutcome.Superseded, run.Cancelled(1).Cancelled(2).Cancelled(3).State.Outcome);
    }

    [Fact]
    public void Abort_while_it_is_held_or_on_its_way_removes_what_is_new()
    {
        var held = BlueGreen(2, hold: null).Stage(1).Stage(2);
        held.Tell(new RolloutEvent.AbortRequested("enough") { At = held.Now });
        Assert.Equal((RolloutPhase.Aborting, "cancel:1 cancel:2"), (held.State.Phase, held.Asked));
        Assert.Equal(RolloutOutcome.Aborted, held.Cancelled(1).Cancelled(2).State.Outcome);

        var early = BlueGreen(2, hold: null).Stage(1);
        early.Tell(new RolloutEvent.AbortRequested("enough") { At = early.Now });
        Assert.Equal("withhold:2 cancel:1", early.Asked);
        Assert.Equal(SlotPhase.Cancelled, early.Withheld(2).State.Slot(2)!.Phase);
        Assert.Equal(RolloutOutcome.Aborted, early.Cancelled(1).State.Outcome);
    }

    [Fact]
    public void Switch_that_is_called_off_gives_the_old_their_traffic_back_and_takes_it_from_the_new()
    {
        var run = BlueGreen(2, TimeSpan.Zero).Stage(1).Stage(2).Published(1);
        run.Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now });
        Assert.Equal(RolloutOutcome.Superseded, run.State.Outcome);
        Assert.Equal([1, 2], run.Undrained);
        Assert.Equal([2], run.Withdrawn);
    }

    [Fact]
    public void Old_replica_has_its_traffic_again_before_the_new_one_loses_it()
    {
        var before = BlueGreen(2, TimeSpan.Zero).Stage(1).Stage(2).State;
        var after = Rollout.Apply(before, new RolloutEvent.ReplicaFailed(1, 1, new FailureReport { Stage = ReplicaStage.Traffic, Message = "refused" }) { At = default });
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old"), new RolloutCommand.Withdraw(1, "h1", 1)], Rollout.Effects(before, after));
    }

    [Fact]
    public void Switch_that_is_called_off_gives_slots_that_were_to_go_their_traffic_back()
    {
        var plan = RolloutRun.Plan(1, Policy);
        var run = new RolloutRun(plan with { Strategy = new StrategyPlan(StrategyKind.BlueGreen, 1, null), Slots = plan.Slots.Add(new SlotPlan { Slot = 2, Action = SlotAction.Remove, Old = [new Placement("h2", "old", true)] }) });
        run.Stage(1).Promote();
        Assert.Empty(run.Undrained);
        run.Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now });
        Assert.Equal([1, 2], run.Undrained);
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old"), new RolloutCommand.Withdraw(1, "h1", 1), new RolloutCommand.Undrain(2, "h2", "old")], Rollout.Outstanding(run.State));
    }

    [Fact]
    public void Nothing_of_a_set_that_was_never_switched_to_is_given_back()
    {
        var run = BlueGreen(1, hold: null).Stage(1);
        run.Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now });
        Assert.Empty(run.Cancelled(1).Undrained);
    }

    [Fact]
    public void Outstanding_after_a_restart_is_what_giving_a_slot_up_called_for()
    {
        var staged = BlueGreen(2, hold: null).Stage(1).Stage(2).Die(1);
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old"), new RolloutCommand.StopOld(1, "h1", "new", Retain: true, 1)], Rollout.Outstanding(staged.State));

        var refused = BlueGreen(1, TimeSpan.Zero).Stage(1).Fail(1);
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old"), new RolloutCommand.Withdraw(1, "h1", 1)], Rollout.Outstanding(refused.State));

        var died = new RolloutRun(RolloutRun.Plan(1, Policy)).Serve(1).Die(1);
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old"), new RolloutCommand.Withdraw(1, "h1", 1)], Rollout.Outstanding(died.State));

        var drained = new RolloutRun(RolloutRun.Plan(1, Policy)).Serve(1).Fail(1);
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old")], Rollout.Outstanding(drained.State));

        var canary = Canary(2, 1, Hold).Serve(1).Die(1);
        Assert.Equal([new RolloutCommand.Undrain(1, "h1", "old")], Rollout.Outstanding(canary.State));

        var retired = new RolloutRun(RolloutRun.Plan(1, Policy)).Serve(1).Drained(1).Fail(1);
        Assert.Equal(SlotPhase.Failed, retired.State.Slot(1)!.Phase);
        Assert.Empty(Rollout.Outstanding(retired.State));
    }

    [Fact]
    public void Failure_after_the_switch_counts_as_in_any_update()
    {
        var run = BlueGreen(2, TimeSpan.Zero, Policy with { MaxFailureRatio = 0.5 }).Stage(1).Stage(2).Fail(1);
        Assert.Equal(RolloutPhase.Running, run.State.Phase);
        Assert.Equal([1], run.Undrained);
        Assert.Equal([1], run.Withdrawn);
        Assert.Equal(RolloutOutcome.Failed, run.Published(2).Gone(2).State.Outcome);
    }

    [Fact]
    public void Withholding_that_is_not_answered_fails_in_time()
    {
        var run = BlueGreen(1, hold: null);
        Assert.Equal(RolloutPhase.Paused, run.Wait(TimeSpan.FromMinutes(10) + Rollout.AnswerGrace).State.Phase);
        Assert.Equal(ReplicaStage.Traffic, run.State.Slot(1)!.Failure!.Stage);
    }

    [Fact]
    public void Deadlines_do_not_run_while_it_is_held()
    {
        Assert.Equal(RolloutPhase.Holding, BlueGreen(2, hold: null).Stage(1).Stage(2).Wait(TimeSpan.FromDays(365)).State.Phase);
    }

    [Fact]
    public void Outstanding_after_a_restart_are_the_switches_that_were_not_answered()
    {
        var run = BlueGreen(3, hold: null);
        Assert.Equal([new RolloutCommand.Withhold(1, "h1", 1), new RolloutCommand.Withhold(2, "h2", 1)], Rollout.Outstanding(run.State));
        run.Stage(1).Stage(2).Stage(3);
        Assert.Empty(Rollout.Outstanding(run.State));
        run.Promote().Published(2);
        Assert.Equal([new RolloutCommand.Switch(1, "h1", 1), new RolloutCommand.Drain(2, "h2", "old", 1), new RolloutCommand.Switch(3, "h3", 1)], Rollout.Outstanding(run.State));
    }

    [Fact]
    public void Hold_is_told_in_words()
    {
        Assert.Equal("canary of 1 of 6 is up; held for 5m, or until `orchestrator promote shop`", HoldText.Of(Canary(6, 1, Hold).State, "shop"));
        Assert.Equal("2 new replicas are up beside the old ones, out of the traffic; held until `orchestrator promote shop`", HoldText.Of(BlueGreen(2, null).State, "shop"));
        Assert.Equal("canary: 1 of 6 first, held 5m", HoldText.Of(Canary(6, 1, Hold).State.Plan));
        Assert.Equal("blue-green: 6 beside 6, then switched at once", HoldText.Of(BlueGreen(6, TimeSpan.Zero).State.Plan));
        Assert.Equal("blue-green: 6 beside 6, held 1h0.5s, then switched at once", HoldText.Of(BlueGreen(6, TimeSpan.FromSeconds(3600.5)).State.Plan));
        Assert.Equal("blue-green: 6 beside 6, held until `orchestrator promote`, then switched at once", HoldText.Of(BlueGreen(6, null).State.Plan));
    }

    private static RolloutRun Canary(int replicas, int first, TimeSpan? hold, UpdateSpec? policy = null) =>
        new(RolloutRun.Plan(replicas, policy ?? Policy) with { Strategy = new StrategyPlan(StrategyKind.Canary, first, hold) });

    private static RolloutRun BlueGreen(int replicas, TimeSpan? hold, UpdateSpec? policy = null) =>
        new(RolloutRun.Plan(replicas, policy ?? Policy) with { Strategy = new StrategyPlan(StrategyKind.BlueGreen, replicas, hold) });
}
