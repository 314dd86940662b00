using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>What breaks between changes is brought back, within the times that docs/operations.md states, and what will not come up is not hammered.</summary>
public sealed class SelfHealTests : IDisposable
{
    private readonly StackBench bench = Zones(new("h1", "h2"));

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Removed_container_is_replaced_within_the_stated_time()
    {
        bench.Deploy(Spec(Service("web", replicas: 2)));

        bench["h1"].Change("web", 1, _ => null);
        bench.Settle();
        Assert.Equal("web.2=app:v1", bench.Running);
        bench.Advance(1.5);

        Assert.Equal("web.1=app:v1 web.2=app:v1", bench.Running);
        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.RepairBegan && e.Message.StartsWith("web.1 on h1: brought back: missing; placed there: fewest replicas of web", StringComparison.Ordinal));
    }

    [Fact]
    public void Container_stopped_by_hand_is_started_again()
    {
        bench.Deploy(Spec(Service("web")));

        bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Exited, ExitCode = 137 });
        bench.Settle();
        bench.Advance(1.5);

        Assert.Equal("web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Unhealthy_replica_is_replaced()
    {
        bench.Deploy(Spec(Service("web")));
        var before = bench["h1"].Replicas.Single().ContainerId;

        bench["h1"].Change("web", 1, r => r with { Health = ReplicaHealth.Unhealthy });
        bench.Settle();
        bench.Advance(1.5);

        var after = Assert.Single(bench["h1"].Replicas);
        Assert.NotEqual(before, after.ContainerId);
        Assert.True(after.IsServing);
    }

    [Fact]
    public void Container_of_another_configuration_with_our_labels_is_replaced()
    {
        bench.Deploy(Spec(Service("web")));

        bench["h1"].Change("web", 1, r => r with { ContainerId = "foreign", ConfigHash = "something else" });
        bench.Settle();
        bench.Advance(1.5);

        Assert.NotEqual("foreign", Assert.Single(bench["h1"].Replicas).ContainerId);
        Assert.Contains(bench.Events, e => e.Message.Contains("somebody has replaced it", StringComparison.Ordinal));
    }

    [Fact]
    public void Host_that_a_replica_is_on_its_way_to_gets_no_other_in_its_stead()
    {
        using var wide = new StackBench("h1", "h2", "h3");
        var web = Service("web", replicas: 2);
        wide.Deploy(Spec(web with { Deploy = web.Deploy with { Placement = new PlacementSpec { MaxReplicasPerHost = 1 } } }));
        wide["h2"].IsMute = c => c is AgentCommand.StartReplica;
        wide["h2"].Change("web", 2, _ => null);
        wide.Advance(1.5);

        // web.2 is on its way to h2, where nothing of it is to be seen yet.
        wide.Disconnect("h1");
        wide.Advance(15);

        Assert.Equal([1], wide["h3"].Replicas.Select(r => r.Key.Slot));
        wide["h2"].Speak();
        wide.Settle();
        Assert.Equal([2], wide["h2"].Replicas.Select(r => r.Key.Slot));
    }

    [Fact]
    public void Engine_that_does_not_answer_is_told_of_where_the_stack_has_replicas_and_so_is_its_return()
    {
        bench.Deploy(Spec(Service("web", replicas: 2)));

        Report("connection refused");
        Report("connection refused");
        Report(null);

        var told = bench.Events.Where(e => e.Kind is StackEventKind.EngineLost or StackEventKind.EngineReturned).Select(e => e.Message);
        Assert.Equal(["the engine of host h2 does not answer: connection refused; when it last did, it had web.2", "the engine of host h2 answers again, with web.2"], told);

        void Report(string? error)
        {
            bench["h2"].EngineError = error;
            bench["h2"].Uplink!.Tell(bench["h2"].Inventory());
            bench.Settle();
        }
    }

    [Fact]
    public void Lost_host_s_replicas_are_placed_elsewhere_and_duplicates_go_when_it_is_back()
    {
        bench.Deploy(Spec(Service("web", replicas: 2)));

        bench.Disconnect("h2");
        bench.Advance(15);

        Assert.Equal(2, bench["h1"].Replicas.Count(r => r.IsServing));
        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.HostLost && e.Host == "h2");
        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.RepairBegan && e.Message.Contains("host h2 is down since", StringComparison.Ordinal) && e.Message.Contains("h2 refused: is down", StringComparison.Ordinal));

        bench.Connect("h2");
        bench.Advance(5);

        Assert.Equal(2, bench.Hosts.Values.SelectMany(h => h.Replicas).Count());
        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.HostReturned && e.Host == "h2");
    }

    [Fact]
    public void After_a_failed_change_a_lost_replica_comes_back_as_its_service_last_was_good()
    {
        bench.FailImage("db:v2");
        bench.Deploy(Spec(Service("api", replicas: 2, after: "db"), Service("db", "db:v1", onFailure: FailureAction.Continue)));
        var end = End(bench.Deploy(Spec(Service("api", "app:v2", replicas: 2, after: "db"), Service("db", "db:v2", onFailure: FailureAction.Continue))));
        Assert.Equal(ChangeOutcome.Failed, end.Outcome);

        bench.Hosts.Values.Single(h => h.Replicas.Any(r => r.Key is { Service: "api", Slot: 1 })).Change("api", 1, _ => null);
        bench.Settle();
        bench.Advance(1.5);

        // Not begun in the change that failed, so it comes back as it was, and the other stays as it is.
        Assert.Equal("api.1=app:v1 api.2=app:v1 db.1=db:v1", bench.Running);
    }

    [Fact]
    public void After_a_failed_change_a_service_that_got_there_is_kept_up_there()
    {
        bench.FailImage("web:v2");
        bench.Deploy(Spec(Service("api", replicas: 2), Service("web", "web:v1", onFailure: FailureAction.Continue, after: "api")));
        bench.Deploy(Spec(Service("api", "app:v2", replicas: 2), Service("web", "web:v2", onFailure: FailureAction.Continue, after: "api")));

        bench["h1"].Change("api", 1, _ => null);
        bench.Settle();
        bench.Advance(1.5);
        Assert.Equal("api.1=app:v2 api.2=app:v2 web.1=web:v1", bench.Running);

        // Durable: a coordinator that is started anew knows it.
        bench.CrashAndRestart();
        bench.Advance(5);
        bench["h2"].Change("api", 2, _ => null);
        bench.Settle();
        bench.Advance(1.5);
        Assert.Equal("api.1=app:v2 api.2=app:v2 web.1=web:v1", bench.Running);
    }

    [Fact]
    public void After_a_rollback_and_a_failed_change_a_lost_replica_does_not_come_back_in_the_revision_that_was_rolled_back()
    {
        bench.FailImage("app:v3");
        bench.Deploy(Spec(Service("web", replicas: 2)));
        bench.Deploy(Spec(Service("web", "app:v2", replicas: 2)));
        bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack });
        var end = End(bench.Deploy(Spec(Service("web", "app:v3", replicas: 2, onFailure: FailureAction.Continue) is var web ? web with { Deploy = web.Deploy with { Update = web.Deploy.Update with { Order = UpdateOrder.StartFirst } } } : web)));
        Assert.Equal((ChangeOutcome.Failed, "web.1=app:v1 web.2=app:v1"), (end.Outcome, bench.Running));

        bench.Disconnect("h2");
        bench.Advance(20);
        Assert.Equal(["app:v1", "app:v1"], bench["h1"].Replicas.Where(r => r.State == ReplicaState.Running).Select(r => r.Image[..r.Image.IndexOf('@', StringComparison.Ordinal)]));
    }

    [Fact]
    public void After_a_failed_change_a_replica_that_stood_in_for_one_on_a_lost_host_goes_when_that_is_back()
    {
        bench.FailImage("db:v2");
        bench.Deploy(Spec(Service("db", "db:v1", onFailure: FailureAction.Continue), Service("web")));
        bench.Deploy(Spec(Service("db", "db:v2", onFailure: FailureAction.Continue), Service("web")));
        var (lost, other) = bench["h1"].Replicas.Any(r => r.Key.Service == "web") ? ("h1", "h2") : ("h2", "h1");

        bench.Disconnect(lost);
        bench.Advance(20);
        Assert.Contains(bench[other].Replicas, r => r.Key.Service == "web" && r.IsServing);
        bench.Connect(lost);
        bench.Advance(10);
        Assert.Single(bench.Hosts.Values.SelectMany(h => h.Replicas), r => r.Key.Service == "web" && r.State == ReplicaState.Running);
    }

    [Fact]
    public void What_a_failed_stop_first_update_has_stopped_stays_stopped()
    {
        bench.FailImage("app:v2");
        bench.Deploy(Spec(StopFirst("app:v1")));
        var end = End(bench.Deploy(Spec(StopFirst("app:v2"))));
        Assert.Equal((ChangeOutcome.Failed, ""), (end.Outcome, bench.Running));
        bench.Advance(60);

        Assert.DoesNotContain(bench.Events, e => e.Kind == StackEventKind.RepairBegan);
        Assert.Equal("", bench.Running);
    }

    private static ServiceSpec StopFirst(string image)
    {
        var web = Service("web", image, onFailure: FailureAction.Continue);
        return web with { Deploy = web.Deploy with { Update = web.Deploy.Update with { Order = UpdateOrder.StopFirst } } };
    }

    [Fact]
    public void Change_after_one_that_was_aborted_in_its_removals_ends()
    {
        bench.Deploy(Spec(Service("a", replicas: 2), Service("b", replicas: 2), Service("web")));
        foreach (var host in bench.Hosts.Values)
        {
            host.IsMute = c => c is AgentCommand.StopReplica { Key.Service: "b" };
        }
        bench.Deploy(Spec(Service("web", "app:v2")));
        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        foreach (var host in bench.Hosts.Values)
        {
            host.Speak();
        }
        bench.Advance(5);
        Assert.Equal(RevisionState.Aborted, bench.State.Revisions[0].State);

        bench.FailImage("app:v3");
        Assert.Equal(ChangeOutcome.Failed, End(bench.Deploy(Spec(Service("web", "app:v3", onFailure: FailureAction.Continue)))).Outcome);
        Assert.DoesNotContain("a", bench.State.Revisions[0].Stands!.Keys);
    }

    [Fact]
    public void Service_that_never_came_up_is_not_tried_again_by_itself()
    {
        bench.FailImage("app:v1");
        var end = End(bench.Deploy(Spec(Service("web", onFailure: FailureAction.Continue))));
        Assert.Equal(ChangeOutcome.Failed, end.Outcome);
        Assert.Equal("", bench.Running);
        bench.Advance(60);

        Assert.DoesNotContain(bench.Events, e => e.Kind == StackEventKind.RepairBegan);
    }

    [Fact]
    public void Service_that_cannot_come_up_holds_back_no_other()
    {
        bench.Deploy(Spec(Service("bad"), Service("good")));
        bench.Hang(k => k.Service == "bad");
        Remove("bad");
        bench.Advance(2);

        Remove("good");
        bench.Advance(1.5);

        Assert.Equal("good.1=app:v1", bench.Running);
    }

    [Fact]
    public void Slot_that_cannot_come_up_holds_back_no_other_of_its_service()
    {
        bench.Deploy(Spec(Service("web", replicas: 2)));
        bench.Hang(k => k.Slot == 1);
        bench["h1"].Change("web", 1, _ => null);
        bench.Advance(2);

        bench["h2"].Change("web", 2, _ => null);
        bench.Advance(1.5);

        Assert.Equal("web.2=app:v1", bench.Running);
    }

    [Fact]
    public void Crash_loop_backs_off_is_shown_and_begins_afresh_once_it_has_served()
    {
        bench.Deploy(Spec(Service("web")));
        bench.FailImage("app");
        Remove("web");

        bench.Advance(70);
        var starts = Starts();

        // 1 s, then 5, 10, 20 and 40 s apart: the restart policy's delay, doubling.
        Assert.InRange(starts, 4, 5);
        var loop = bench.State.CrashLoops[("web", 1)];
        Assert.Equal((starts, 1), (loop.Exits, loop.LastExitCode));
        Assert.StartsWith($"crash loop: {starts} exits in ", loop.Text(bench.Time.GetUtcNow()), StringComparison.Ordinal);
        Assert.Contains("next try in", loop.Text(bench.Time.GetUtcNow()), StringComparison.Ordinal);
        Assert.Contains("connection refused", bench.Explain("web").Services[0].Replicas[0].Probe, StringComparison.Ordinal);
        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.CrashLoop);

        bench.FailImage("none");
        bench.Advance(800);
        Assert.Equal("web.1=app:v1", bench.Running);
        Assert.Empty(bench.State.CrashLoops);
    }

    [Fact]
    public void Backoff_is_bounded()
    {
        bench.Deploy(Spec(Service("web")));
        bench.FailImage("app");
        Remove("web");
        bench.Advance(3600);
        var before = Starts();

        bench.Advance(600);

        Assert.InRange(Starts() - before, 2, 3);
    }

    [Fact]
    public void Used_up_attempts_end_the_tries_until_a_new_revision()
    {
        var restart = new RestartSpec { MaxAttempts = 2, Delay = TimeSpan.FromSeconds(1) };
        bench.Deploy(Spec(Service("web", restart: restart)));
        bench.FailImage("app:v1");
        Remove("web");
        bench.Advance(600);

        // Once because it was removed, and then started again twice.
        Assert.Equal(3, Starts());
        Assert.True(bench.State.CrashLoops[("web", 1)].IsSpent);
        Assert.Contains("max_attempts is used up", bench.Explain().Reasons[0], StringComparison.Ordinal);

        Assert.Equal(ChangeOutcome.Done, End(bench.Deploy(Spec(Service("web", "app:v2", restart: restart)))).Outcome);
        Assert.Empty(bench.State.CrashLoops);
    }

    [Fact]
    public void Container_stopped_by_hand_uses_up_no_attempt_before_it_was_started_again()
    {
        bench.Deploy(Spec(Service("web", restart: new RestartSpec { MaxAttempts = 1 })));

        bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Exited, ExitCode = 137 });
        bench.Advance(5);
        Assert.Equal("web.1=app:v1", bench.Running);
        Assert.Empty(bench.State.CrashLoops);

        bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Exited, ExitCode = 1 });
        bench.Advance(600);
        Assert.Equal("", bench.Running);
        Assert.True(bench.State.CrashLoops[("web", 1)].IsSpent);
    }

    [Fact]
    public void Pull_that_fails_is_no_attempt()
    {
        bench.Deploy(Spec(Service("web", restart: new RestartSpec { MaxAttempts = 1 })));
        FailPull();
        Remove("web");
        bench.Advance(600);

        bench.FailImage("none");
        bench.Advance(400);

        Assert.Equal("web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Container_removed_by_hand_does_not_wait_for_the_backoff_of_its_last_end()
    {
        bench.Deploy(Spec(Service("web", restart: new RestartSpec { Delay = TimeSpan.FromMinutes(4) })));
        bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Exited, ExitCode = 1 });
        bench.Advance(2);
        Remove("web");

        bench.Advance(1.5);

        Assert.Equal("web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Pull_that_fails_on_a_moved_slot_is_tried_at_5_10_and_20_s()
    {
        bench.Deploy(Spec(Zoned("web")));
        Assert.Equal("web.1=app:v1", bench.Running);
        var (from, to) = bench["h1"].Replicas.Any() ? ("h1", "h2") : ("h2", "h1");
        FailPull();
        bench[from].Labels = bench[from].Labels.SetItem("zone", "B");
        bench.Forget();
        bench.Connect(from);

        bench.Advance(44);

        // After 1, 6, 16 and 36 s.
        Assert.Equal(4, bench[to].Commands.OfType<AgentCommand.StartReplica>().Count());
        Assert.Equal("web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Slow_loop_is_a_loop_and_the_replica_that_serves_between_its_ends_begins_with_the_shortest_pause()
    {
        bench.Deploy(Spec(Service("web")));

        for (var restarts = 1; restarts <= 3; restarts++)
        {
            var count = restarts;
            bench["h1"].Change("web", 1, r => r with { RestartCount = count, ExitCode = 3 });
            bench.Advance(180);
        }

        Assert.Equal(3, bench.State.CrashLoops[("web", 1)].Exits);
        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.CrashLoop);
    }

    [Theory]
    [InlineData(3600, true)]
    [InlineData(600, false)]
    public void Attempts_count_within_a_window_that_is_longer_than_a_loop(int window, bool isSpent)
    {
        bench.Deploy(Spec(Service("web", restart: new RestartSpec { MaxAttempts = 3, Window = TimeSpan.FromSeconds(window) })));
        for (var restarts = 1; restarts <= 3; restarts++)
        {
            var count = restarts;
            bench["h1"].Change("web", 1, r => r with { RestartCount = count, ExitCode = 3 });
            bench.Advance(700);
        }

        bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Exited });
        bench.Advance(60);

        Assert.Equal(isSpent ? "" : "web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Explanation_of_a_missing_replica_says_why_no_host_takes_it()
    {
        var crowded = Service("web", replicas: 2);
        bench.Deploy(Spec(crowded with { Deploy = crowded.Deploy with { Placement = new PlacementSpec { MaxReplicasPerHost = 1 } } }));

        bench.Disconnect("h2");
        bench.Advance(30);

        Assert.Contains(bench.Explain("web").Services[0].Replicas.Single(r => r.State is "missing" or "lost").Why, w => w.Contains("max_replicas_per_node", StringComparison.Ordinal));
    }

    [Fact]
    public void Advice_for_one_service_is_not_that_of_another()
    {
        bench.Deploy(Spec(Service("bad", "bad:v1", restart: new RestartSpec { MaxAttempts = 1 }), Service("web")));
        bench.FailImage("bad");
        Remove("bad");
        bench.Advance(600);

        Assert.Contains(bench.Explain("bad").Next, n => n.Contains("--force-recreate", StringComparison.Ordinal));
        Assert.DoesNotContain(bench.Explain("web").Next, n => n.Contains("--force-recreate", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RestartCondition.None, 1, false)]
    [InlineData(RestartCondition.OnFailure, 0, false)]
    [InlineData(RestartCondition.OnFailure, 1, true)]
    [InlineData(RestartCondition.Any, 0, true)]
    public void Replica_that_has_ended_is_started_again_by_its_condition(RestartCondition condition, int exitCode, bool isStarted)
    {
        bench.Deploy(Spec(Service("web", restart: new RestartSpec { Condition = condition })));

        bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Exited, ExitCode = exitCode });
        bench.Advance(5);

        Assert.Equal(isStarted ? "web.1=app:v1" : "", bench.Running);
    }

    [Fact]
    public void Engine_that_restarts_a_replica_over_and_over_is_a_crash_loop_too()
    {
        bench.Deploy(Spec(Service("web")));
        bench.Forget();

        for (var restarts = 1; restarts <= 3; restarts++)
        {
            var count = restarts;
            bench["h1"].Change("web", 1, r => r with { State = ReplicaState.Restarting, RestartCount = count, ExitCode = 3 });
            bench.Advance(10);
        }

        var loop = bench.State.CrashLoops[("web", 1)];
        Assert.Equal((3, 3, null), (loop.Exits, loop.LastExitCode, loop.NextTry));
        Assert.Equal(0, Starts());
    }

    [Fact]
    public void Deploy_takes_over_from_a_repair_that_is_under_way()
    {
        bench.Deploy(Spec(Service("web")));
        bench.Hang(_ => true);
        Remove("web");
        bench.Advance(2);
        Assert.Equal("web", Assert.Single(bench.State.Repairing));
        bench.Hang(_ => false);

        Assert.Equal(ChangeOutcome.Done, End(bench.Deploy(Spec(Service("web", "app:v2")))).Outcome);
        Assert.Equal("web.1=app:v2", bench.Running);
        Assert.Empty(bench.State.Repairing);
    }

    private static StackBench Zones(StackBench bench)
    {
        foreach (var (name, host) in bench.Hosts)
        {
            host.Labels = host.Labels.SetItem("zone", "A");
            bench.Connect(name);
        }
        return bench;
    }

    private static ServiceSpec Zoned(string name)
    {
        var service = Service(name);
        return service with { Deploy = service.Deploy with { Placement = new PlacementSpec { Constraints = [new ConstraintSpec("node.labels.zone", true, "A")] } } };
    }

    private void FailPull()
    {
        foreach (var host in bench.Hosts.Values)
        {
            host.Judge = (_, _) => Crash() with { Stage = ReplicaStage.Pull };
        }
    }

    private void Remove(string service)
    {
        bench.Hosts.Values.Single(h => h.Replicas.Any(r => r.Key.Service == service)).Change(service, 1, _ => null);
        bench.Forget();
        bench.Settle();
    }

    private int Starts() => bench.Hosts.Values.SelectMany(h => h.Commands).OfType<AgentCommand.StartReplica>().Count();
}
