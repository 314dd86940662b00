using Orchestrator.Planning;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Rollouts;

public sealed class RolloutTests
{
    private static readonly UpdateSpec StartFirst = new() { Order = UpdateOrder.StartFirst, Parallelism = 2, FailureAction = FailureAction.Pause };
    private static readonly UpdateSpec StopFirst = StartFirst with { Order = UpdateOrder.StopFirst };

    [Fact]
    public void Start_first_starts_a_batch_and_the_old_leave_the_traffic_only_when_the_new_is_known_everywhere()
    {
        var run = new RolloutRun(RolloutRun.Plan(3, StartFirst));
        Assert.Equal("start:1@h1 start:2@h2", run.Asked);

        run.Pass(1);
        Assert.Equal("start:2@h2 publish:1@h1", run.Asked);
        run.Published(1);
        Assert.Equal("start:2@h2 drain:1", run.Asked);
        run.Drained(1);
        Assert.Equal("start:2@h2 stop:1+", run.Asked);

        run.Serve(2);
        Assert.Equal("stop:1+ drain:2 start:3@h3", run.Asked);

        run.Serve(3).Stopped(1).Gone(2).Drained(3);
        Assert.Equal((RolloutPhase.Running, "stop:3+"), (run.State.Phase, run.Asked));
        Assert.Equal(RolloutOutcome.Succeeded, run.Stopped(3).State.Outcome);
    }

    [Fact]
    public void Where_room_is_short_the_next_batch_waits_until_the_old_of_the_one_before_have_stopped()
    {
        var run = new RolloutRun(RolloutRun.Plan(3, StartFirst) with { WaitsForOld = true });
        run.Serve(1).Serve(2);
        Assert.Equal("drain:1 drain:2", run.Asked);
        Assert.Equal("drain:2", run.Gone(1).Asked);
        Assert.Equal("stop:2+", run.Drained(2).Asked);
        Assert.Equal("start:3@h3", run.Stopped(2).Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(3).Gone(3).State.Outcome);
    }

    [Fact]
    public void Stop_first_pulls_then_drains_and_stops_then_starts_and_publishes()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StopFirst));
        Assert.Equal("prepare:1", run.Asked);
        Assert.Equal("drain:1", run.Prepared(1).Asked);
        Assert.Equal("stop:1+", run.Drained(1).Asked);
        Assert.Equal("start:1@h1", run.Stopped(1).Asked);
        Assert.Equal("publish:1@h1", run.Pass(1).Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Published(1).State.Outcome);
    }

    [Fact]
    public void Delay_lies_between_batches_and_not_after_the_last()
    {
        var run = new RolloutRun(RolloutRun.Plan(2, StartFirst with { Parallelism = 1, Delay = TimeSpan.FromSeconds(10) }));
        run.Serve(1).Gone(1);
        Assert.Equal((RolloutPhase.Delaying, run.Now + TimeSpan.FromSeconds(10)), (run.State.Phase, Rollout.NextWakeup(run.State)));
        Assert.Equal("", run.Wait(TimeSpan.FromSeconds(9.9)).Asked);
        Assert.Equal("start:2@h2", run.Wait(TimeSpan.FromSeconds(0.1)).Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(2).Gone(2).State.Outcome);
    }

    [Fact]
    public void Plan_with_a_slot_twice_is_no_plan()
    {
        var plan = RolloutRun.Plan(2, StartFirst);

        Assert.Throws<ArgumentException>(() => Rollout.Begin(plan with { Slots = [plan.Slots[0], plan.Slots[0] with { Host = "h2" }] }));
    }

    [Fact]
    public void Parallelism_zero_takes_all_at_once()
    {
        Assert.Equal(5, new RolloutRun(RolloutRun.Plan(5, StartFirst with { Parallelism = 0 })).Open.Count);
    }

    [Fact]
    public void Hosts_of_later_batches_pull_while_the_first_is_worked()
    {
        var plan = RolloutRun.Plan(4, StartFirst with { Parallelism = 1 });
        plan = plan with { Slots = [.. plan.Slots.Select(s => s.Slot == 4 ? s with { Host = "h1" } : s)] };
        Assert.Equal(["h2", "h3"], new RolloutRun(plan).Prefetched);
    }

    [Fact]
    public void What_replaces_nothing_begins_all_at_once_and_before_anything_is_replaced()
    {
        Assert.Equal("start:1@h1 start:2@h2 start:3@h3 start:4@h4", new RolloutRun(RolloutRun.Plan(4, StartFirst with { Parallelism = 1 }, replaces: false)).Asked);

        var both = RolloutRun.Plan(4, StartFirst with { Parallelism = 1 });
        both = both with { Slots = [.. both.Slots.Select(s => s.Slot > 2 ? s with { Action = SlotAction.Create, Old = [] } : s)] };
        Assert.Equal("start:3@h3 start:4@h4", new RolloutRun(both).Asked);
        Assert.Equal("start:1@h1", new RolloutRun(both).Serve(3).Serve(4).Asked);
    }

    [Fact]
    public void Canary_is_as_large_as_it_says_also_of_what_replaces_nothing()
    {
        var plan = RolloutRun.Plan(4, StartFirst with { Parallelism = 1 });
        plan = plan with
        {
            Slots = [.. plan.Slots.Select(s => s.Slot < 4 ? s with { Action = SlotAction.Create, Old = [] } : s)],
            Strategy = new StrategyPlan(StrategyKind.Canary, 1, null),
        };
        var run = new RolloutRun(plan);
        Assert.Equal("start:1@h1", run.Asked);
        Assert.Equal("start:2@h2 start:3@h3", run.Serve(1).Promote().Asked);
    }

    [Fact]
    public void Pause_that_comes_with_the_last_replicas_has_nothing_to_hold()
    {
        var run = new RolloutRun(RolloutRun.Plan(2, StartFirst));
        run.Tell(new RolloutEvent.PauseStarted("paused by alice") { At = run.Now });

        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(1).Gone(1).Serve(2).Gone(2).State.Outcome);
    }

    [Fact]
    public void Pause_lets_what_is_in_flight_finish_and_resume_tries_the_failed_again()
    {
        var run = new RolloutRun(RolloutRun.Plan(3, StartFirst));
        run.Fail(1);
        Assert.Equal((RolloutPhase.Pausing, "start:2@h2"), (run.State.Phase, run.Asked));
        run.Serve(2).Gone(2);
        Assert.Equal(RolloutPhase.Paused, run.State.Phase);
        Assert.Null(Rollout.NextWakeup(run.State));

        run.Tell(new RolloutEvent.Resumed { At = run.Now });
        Assert.Equal("start:1@h1", run.Asked);
        Assert.Equal(2, run.State.Slot(1)!.Attempt);
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(1).Gone(1).Serve(3).Gone(3).State.Outcome);
    }

    [Fact]
    public void Rollback_calls_off_what_starts_and_waits_for_what_stops()
    {
        var run = new RolloutRun(RolloutRun.Plan(3, StartFirst with { FailureAction = FailureAction.Rollback, Parallelism = 3 }));
        run.Serve(1).Drained(1).Fail(2);
        Assert.Equal((RolloutPhase.Unwinding, "stop:1+ cancel:3"), (run.State.Phase, run.Asked));
        run.Cancelled(3);
        Assert.Equal(RolloutPhase.Unwinding, run.State.Phase);
        Assert.Equal(RolloutOutcome.NeedsRollback, run.Stopped(1).State.Outcome);
    }

    [Fact]
    public void Ratio_must_be_exceeded_strictly()
    {
        var run = new RolloutRun(RolloutRun.Plan(4, StartFirst with { Parallelism = 4, MaxFailureRatio = 0.25 }));
        Assert.Equal(RolloutPhase.Running, run.Fail(1).State.Phase);
        Assert.Equal(RolloutPhase.Pausing, run.Fail(2).State.Phase);
    }

    [Fact]
    public void Continue_goes_on_and_ends_as_failed()
    {
        var run = new RolloutRun(RolloutRun.Plan(2, StartFirst with { Parallelism = 1, FailureAction = FailureAction.Continue }));
        Assert.Equal(RolloutOutcome.Failed, run.Fail(1).Serve(2).Gone(2).State.Outcome);
    }

    [Fact]
    public void Lost_host_sends_its_starting_slot_elsewhere_and_counts_its_old_as_gone()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StartFirst));
        run.Tell(new RolloutEvent.HostLost("h1") { At = run.Now });
        Assert.Equal("reassign:1", run.Asked);
        run.Tell(new RolloutEvent.SlotReassigned(1, "h9") { At = run.Now });
        Assert.Equal("start:1@h9", run.Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(1).State.Outcome);
    }

    [Fact]
    public void Old_one_takes_the_traffic_again_when_the_new_ones_host_is_lost_while_it_drains()
    {
        var plan = RolloutRun.Plan(1, StartFirst);
        var run = new RolloutRun(plan with { Slots = [plan.Slots[0] with { Host = "h5" }] });
        Assert.Equal("drain:1", run.Serve(1).Asked);
        run.Tell(new RolloutEvent.HostLost("h5") { At = run.Now });
        Assert.Equal((1, "reassign:1"), (Assert.Single(run.Undrained), run.Asked));
        run.Tell(new RolloutEvent.SlotReassigned(1, "h6") { At = run.Now });
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(1).Gone(1).State.Outcome);
    }

    [Fact]
    public void Rollback_leaves_the_old_one_where_it_is_while_it_drains()
    {
        var run = new RolloutRun(RolloutRun.Plan(2, StartFirst with { FailureAction = FailureAction.Rollback }));
        run.Serve(1).Fail(2);
        Assert.Equal((RolloutOutcome.NeedsRollback, 1), (run.State.Outcome, Assert.Single(run.Undrained)));
        Assert.Equal("", run.Asked);
    }

    [Fact]
    public void Replica_that_cannot_be_published_fails_and_its_old_one_stays()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StartFirst));
        run.Pass(1).Fail(1);
        Assert.Equal((RolloutPhase.Paused, ""), (run.State.Phase, run.Asked));
    }

    [Fact]
    public void Hosts_lost_over_and_over_fail_the_slot_in_the_end()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StartFirst));
        for (var n = 0; n < Rollout.AttemptsMax && run.State.Phase == RolloutPhase.Running; n++)
        {
            run.Tell(new RolloutEvent.HostLost(run.State.Slot(1)!.Host!) { At = run.Now });
            run.Tell(new RolloutEvent.SlotReassigned(1, $"spare{n}") { At = run.Now });
        }
        Assert.Equal(RolloutPhase.Paused, run.State.Phase);
        Assert.Contains("lost", run.State.Slot(1)!.Failure!.Message);
    }

    [Fact]
    public void Resume_tries_a_lost_host_again_with_the_old_replica_it_had_and_as_often_as_it_takes()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StopFirst));
        for (var n = 0; n <= Rollout.AttemptsMax; n++)
        {
            Assert.Equal("prepare:1", run.Asked);
            run.Lose("h1");
            Assert.Equal("reassign:1", run.Asked);
            run.Fail(1);
            Assert.Equal(RolloutPhase.Paused, run.State.Phase);
            run.Tell(new RolloutEvent.Resumed { At = run.Now });
        }

        Assert.Equal("drain:1", run.Prepared(1).Asked);
        Assert.Equal("start:1@h1", run.Gone(1).Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Serve(1).State.Outcome);
    }

    [Fact]
    public void Old_replica_that_was_stopped_before_its_host_was_lost_is_not_stopped_again()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StopFirst));
        run.Prepared(1).Gone(1).Lose("h1").Fail(1).Tell(new RolloutEvent.Resumed { At = run.Now });

        Assert.Equal("start:1@h1", run.Asked);
    }

    [Fact]
    public void Slot_that_had_not_begun_finds_its_old_replica_again_when_the_rollout_is_resumed_after_its_host_was_lost()
    {
        var run = new RolloutRun(RolloutRun.Plan(2, StartFirst with { Parallelism = 1 }));
        run.Lose("h2").Fail(1).Tell(new RolloutEvent.Resumed { At = run.Now });

        Assert.Equal("start:2@h2", run.Serve(1).Gone(1).Asked);
        Assert.Equal("drain:2", run.Serve(2).Asked);
    }

    /// <summary>Found by simulation: the marks of its drain stayed, and after the host's return healthy replicas took no traffic for good.</summary>
    [Fact]
    public void Old_one_whose_host_is_lost_while_it_yields_may_serve_again_when_no_other_host_takes_its_place()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, new UpdateSpec { Order = UpdateOrder.StopFirst }));
        Assert.Equal("drain:1", run.Prepared(1).Asked);
        run.Lose("h1");
        Assert.Empty(run.Undrained);
        run.Fail(1);
        Assert.Equal((RolloutPhase.Paused, 1), (run.State.Phase, Assert.Single(run.Undrained)));
        Assert.Contains(new RolloutCommand.Undrain(1, "h1", "old"), Rollout.Outstanding(run.State));
    }

    [Fact]
    public void Silence_past_the_progress_deadline_is_a_failure()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StartFirst));
        Assert.Equal(run.Now + TimeSpan.FromMinutes(10) + Rollout.AnswerGrace, Rollout.NextWakeup(run.State));
        run.Wait(TimeSpan.FromMinutes(11));
        Assert.Equal(RolloutPhase.Paused, run.State.Phase);
        Assert.Contains("progress deadline", run.State.Slot(1)!.Failure!.Message);
    }

    [Fact]
    public void Late_and_repeated_answers_change_nothing()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StartFirst));
        run.Fail(1).Tell(new RolloutEvent.Resumed { At = run.Now });
        var before = run.State;
        Assert.Same(before, Rollout.Apply(before, new RolloutEvent.ReplicaPassed(1, 1) { At = run.Now }));
        Assert.Same(before, Rollout.Apply(before, new RolloutEvent.OldStopped(1, "h1", "old") { At = run.Now }));
    }

    [Fact]
    public void Supersede_while_paused_ends_at_once()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StartFirst));
        run.Fail(1);
        Assert.Equal(RolloutPhase.Paused, run.State.Phase);
        Assert.Equal(RolloutOutcome.Superseded, run.Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now }).State.Outcome);
    }

    [Fact]
    public void Stop_first_that_is_superseded_after_the_stop_starts_nothing()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, StopFirst));
        run.Prepared(1).Drained(1).Tell(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now });
        Assert.Equal((RolloutPhase.Unwinding, "stop:1+"), (run.State.Phase, run.Asked));
        Assert.Equal((RolloutOutcome?)RolloutOutcome.Superseded, run.Stopped(1).State.Outcome);
    }

    [Fact]
    public void Same_container_name_waits_for_the_old_one_whatever_the_order()
    {
        var plan = RolloutRun.Plan(1, StartFirst) with { ToRevision = "old" };
        Assert.Equal("prepare:1", new RolloutRun(plan).Asked);
    }

    [Fact]
    public void Removals_come_last_and_together()
    {
        var plan = RolloutRun.Plan(1, StartFirst);
        var removal = new SlotPlan { Slot = 2, Action = SlotAction.Remove, Old = [new Placement("h2", "old", true)], Prune = [new Placement("h2", "older", false)] };
        var run = new RolloutRun(plan with { Slots = [.. plan.Slots, removal, removal with { Slot = 3, Old = [new Placement("h3", "old", true)], Prune = [] }] });
        Assert.Equal("start:1@h1", run.Asked);
        run.Serve(1);
        Assert.Equal("drain:1 drain:2 prune:2 drain:3", run.Asked);
    }

    [Fact]
    public void Batch_is_judged_together_and_the_old_stay_in_the_traffic_until_it_has_passed()
    {
        var run = new RolloutRun(Held(RolloutRun.Plan(3, StartFirst)));
        Assert.Equal("start:2@h2", run.Serve(1).Asked);
        Assert.Equal("judge:1 judge:2", run.Serve(2).Asked);
        Assert.Equal("judge:2 drain:1", run.Judged(1).Asked);
        Assert.Equal("drain:1 drain:2 start:3@h3", run.Judged(2).Asked);
        Assert.Equal(RolloutOutcome.Succeeded, run.Gone(1).Gone(2).Serve(3).Judged(3).Gone(3).State.Outcome);
    }

    [Fact]
    public void Slot_that_fails_on_its_way_leaves_the_others_of_its_batch_to_be_judged()
    {
        var run = new RolloutRun(Held(RolloutRun.Plan(2, StartFirst with { FailureAction = FailureAction.Continue })));
        Assert.Equal("start:2@h2", run.Serve(1).Asked);
        Assert.Equal("judge:1", run.Fail(2).Asked);
    }

    [Fact]
    public void Replica_that_its_traffic_fails_leaves_the_traffic_where_an_old_one_serves()
    {
        var run = new RolloutRun(Held(RolloutRun.Plan(1, StartFirst)));
        run.Serve(1).Fail(1);
        Assert.Equal((RolloutPhase.Paused, 1), (run.State.Phase, Assert.Single(run.Withdrawn)));
        Assert.Contains(new RolloutCommand.Withdraw(1, "h1", 1), Rollout.Outstanding(run.State));
        Assert.Equal(["h1"], run.State.Slot(1)!.OldLeft.Select(o => o.Host));

        var stopFirst = new RolloutRun(Held(RolloutRun.Plan(1, StopFirst)));
        stopFirst.Prepared(1).Gone(1).Serve(1).Fail(1);
        Assert.Equal((RolloutPhase.Paused, 0), (stopFirst.State.Phase, stopFirst.Withdrawn.Count));
    }

    [Fact]
    public void Replica_that_its_traffic_fails_leaves_it_also_where_the_old_one_is_of_a_revision_that_was_never_good()
    {
        var plan = RolloutRun.Plan(1, StartFirst);
        var run = new RolloutRun(Held(plan with { Slots = [plan.Slots[0] with { Old = [new Placement("h1", "old", Serving: false)] }] }));

        Assert.Equal(1, Assert.Single(run.Serve(1).Fail(1).Withdrawn));
    }

    [Fact]
    public void Judgement_is_waited_for_from_when_the_last_of_the_batch_is_in_the_traffic()
    {
        var run = new RolloutRun(Held(RolloutRun.Plan(2, StartFirst)));
        run.Serve(1).Wait(TimeSpan.FromMinutes(9)).Serve(2);
        Assert.Equal(run.Now + TimeSpan.FromSeconds(10) + Rollout.AnswerGrace, Rollout.NextWakeup(run.State));
        run.Wait(TimeSpan.FromSeconds(39));
        Assert.Equal("judge:1 judge:2", run.Asked);
        run.Wait(TimeSpan.FromSeconds(1));
        Assert.Contains("not judged in time", run.State.Slot(1)!.Failure!.Message);
    }

    [Fact]
    public void Lost_host_of_a_replica_that_is_judged_sends_it_elsewhere_and_all_are_judged_again()
    {
        var run = new RolloutRun(Held(RolloutRun.Plan(2, StartFirst)));
        run.Serve(1).Serve(2).Tell(new RolloutEvent.HostLost("h2") { At = run.Now });
        Assert.Equal(SlotPhase.Reassigning, run.State.Slot(2)!.Phase);
        run.Tell(new RolloutEvent.SlotReassigned(2, "h9") { At = run.Now }).Serve(2);
        Assert.Equal([new RolloutCommand.Judge(1, "h1", 1), new RolloutCommand.Judge(2, "h9", 2)], Rollout.Outstanding(run.State));
    }

    [Fact]
    public void Empty_plan_ends_at_once()
    {
        Assert.Equal(RolloutOutcome.Succeeded, new RolloutRun(RolloutRun.Plan(0, StartFirst)).State.Outcome);
    }

    private static ServicePlan Held(ServicePlan plan) => plan with { Slo = new SloSpec { ErrorRate = 0.01 } };
}
