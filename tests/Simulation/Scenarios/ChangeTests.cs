using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation.Scenarios;

/// <summary>Changes that meet other changes, and versions that fail.</summary>
public sealed class ChangeTests : Scenario
{
    [Fact]
    public void Stop_first_takes_no_more_away_when_what_is_new_has_died_behind_its_gate()
    {
        Begin();
        Deploy(Shop(Web("v1") with { Order = UpdateOrder.StopFirst }));
        Deploy(Shop(Web("quits") with { Order = UpdateOrder.StopFirst, Monitor = TimeSpan.Zero, Delay = TimeSpan.FromSeconds(3) }), ChangeOutcome.Paused);
        Assert.Equal(2, World.Hosts.Sum(h => h.Of("shop").Count(c => c.IsRunning && c.Request.Image.Contains(":v1", StringComparison.Ordinal))));
    }

    [Fact]
    public void Stop_first_that_continues_after_failures_lets_surplus_slots_go_in_the_end()
    {
        var web = Web("v1") with { Order = UpdateOrder.StopFirst, OnFailure = FailureAction.Continue };
        Begin();
        Deploy(Shop(web with { Replicas = 5 }));
        Deploy(Shop(web with { Version = "exits", Replicas = 2 }), ChangeOutcome.Failed);
        Assert.Equal(0, Running(":"));
    }

    /// <summary>It is its own doing that it serves only now and then, for however long.</summary>
    [Fact]
    public void Crash_loop_that_ingresses_do_not_get_to_show_breaks_no_promise()
    {
        Begin();
        Ends(World.Ask(Shop(Web("quits") with { Monitor = TimeSpan.Zero, OnFailure = FailureAction.Continue }).Deploy));
        When(() => World.Hosts.All(h => h.Ingress.Endpoints.Count(e => e.State == EndpointState.Serving) == 3), "all are shown");
        When(() => World.Hosts.All(h => !h.Ingress.Endpoints.Any()), "all have ended");
        foreach (var host in World.Hosts) host.Ingress.IsStuck = true;
        Pass(15 * 60);
        Assert.All(World.Hosts.SelectMany(h => h.Of("shop")), c => Assert.True(c.RestartCount > 10));
    }

    [Fact]
    public void Update_is_done_and_at_rest_everything_is_as_it_is_wanted()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Deploy(Shop(Web("v2")));
        Rest();
        Assert.Equal(3, Running(":v2"));
    }

    [Theory]
    [InlineData("exits")]
    [InlineData("quits")]
    [InlineData("oom")]
    [InlineData("sick")]
    [InlineData("nocommand")]
    public void Bad_version_pauses_and_the_old_one_serves_on(string version)
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Deploy(Shop(Web(version)), ChangeOutcome.Paused);
        Assert.Equal(3, Running(":v1"));
    }

    [Fact]
    public void Version_that_dies_after_its_gate_and_before_every_ingress_has_it_takes_no_place()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        World.Host("h1").StickIngress(TimeSpan.FromSeconds(7));
        Deploy(Shop(DiesAfterItsGate), ChangeOutcome.Paused);
        Pass(20);
        Assert.Equal(3, Running(":v1"));
        Assert.All(World.Hosts.SelectMany(h => h.Ingress.Endpoints).Where(e => e.State == EndpointState.Serving), e => Assert.Equal(First(), e.Replica.Revision));
    }

    [Fact]
    public void First_replicas_that_serve_when_a_newer_deploy_comes_serve_until_their_successors_do()
    {
        for (var seed = 1; seed <= 8; seed++)
        {
            Begin(seed);
            World.Ask(Shop(Web("v1") with { Parallelism = 0 }).Deploy);
            When(() => World.Host("h1").Ingress.Endpoints.Count(e => e.State == EndpointState.Serving) == 3, "the first three are in the traffic");
            Deploy(Shop(Web("v2") with { Parallelism = 0 }));
            Rest();
        }
    }

    [Fact]
    public void Exit_0_within_monitor_is_a_failure_and_goes_back()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Deploy(Shop(Web("quits") with { OnFailure = FailureAction.Rollback }), ChangeOutcome.RolledBack);
        Rest();
        Assert.Equal(3, Running(":v1"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Newer_deploy_takes_over_in_the_middle_of_a_rollback(int secondsAfter)
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var failing = World.Ask(Shop(Web("exits") with { OnFailure = FailureAction.Rollback, Order = UpdateOrder.StopFirst, MaxFailureRatio = 0 }).Deploy);
        When(() => Hears<ChangeEvent.ReplicaFailed>(failing), "a replica fails");
        Pass(secondsAfter * 0.4);
        var newer = World.Ask(Shop(Web("v3")).Deploy);
        Until(newer, ChangeOutcome.Done);
        Assert.True(failing.IsDone);
        Rest();
        Assert.Equal(3, Running(":v3"));
    }

    /// <summary>Somewhere between the failure, the plan of the way back and its end: the newer one is accepted when it has been prepared.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(160)]
    public void Newer_deploy_takes_over_while_the_way_back_is_planned(int msBefore)
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var failing = World.Ask(Shop(Web("nocommand") with { OnFailure = FailureAction.Rollback }).Deploy);
        When(() => Hears<ChangeEvent.ServiceStarted>(failing), "it begins");
        Pass(msBefore / 1000d);
        Until(World.Ask(Shop(Web("v3")).Deploy), ChangeOutcome.Done);
        Assert.True(failing.Outcome is ChangeOutcome.Superseded or ChangeOutcome.RolledBack, $"{failing.Ended}");
        Rest();
        Assert.Equal(3, Running(":v3"));
    }

    [Fact]
    public void Failure_in_a_rollback_pauses()
    {
        Begin();
        Deploy(Shop(Web("v1") with { Order = UpdateOrder.StopFirst, Retain = 0 }));
        var failing = World.Ask(Shop(Web("exits") with { OnFailure = FailureAction.Rollback, Order = UpdateOrder.StopFirst, Retain = 0 }).Deploy);
        When(() => Hears<ChangeEvent.RollbackStarted>(failing), "the rollback begins");
        foreach (var host in World.Hosts) host.Engine.FailNext(nameof(Engine.IEngine.CreateContainerAsync), Engine.EngineErrorKind.Fatal, times: 20);
        World.AdvanceUntil(() => failing.IsDone, ChangeMax);
        Assert.True(failing.Outcome is ChangeOutcome.Paused or ChangeOutcome.Failed, $"{failing.Ended}");
    }

    [Fact]
    public void Two_deploys_at_once_end_with_the_newer_one()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var (first, second) = (World.Ask(Shop(Web("v2")).Deploy), World.Ask(Shop(Web("v3")).Deploy));
        Until(second, ChangeOutcome.Done);
        Assert.Equal(ChangeOutcome.Superseded, first.Outcome);
        Rest();
        Assert.Equal(3, Running(":v3"));
    }

    [Fact]
    public void Paused_update_goes_on_with_resume_once_the_cause_is_gone()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        World.Registry.IsDown = false;
        foreach (var host in World.Hosts) host.Engine.FailNext(nameof(Engine.IEngine.CreateContainerAsync), Engine.EngineErrorKind.Fatal);
        Deploy(Shop(Web("v2")), ChangeOutcome.Paused);
        World.Heal();
        Until(World.Ask(new ChangeRequest.Resume { Stack = "shop" }), ChangeOutcome.Done);
        Rest();
        Assert.Equal(3, Running(":v2"));
    }

    [Fact]
    public void Aborted_update_stays_as_it_stands_and_the_next_one_finishes_it()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var update = World.Ask(Shop(Web("v2") with { Delay = TimeSpan.FromSeconds(30) }).Deploy);
        When(() => Hears<ChangeEvent.ReplicaMoved>(update, e => e is { Phase: ReplicaStep.OldStopped }), "a first replica is replaced");
        World.Ask(new ChangeRequest.Abort { Stack = "shop" });
        Until(update, ChangeOutcome.Aborted);
        Assert.InRange(Running(":v1"), 1, 2);
        Deploy(Shop(Web("v2")));
        Rest();
    }

    [Fact]
    public void Stop_first_with_a_port_of_the_host_never_has_two_holders()
    {
        Begin();
        var web = Web("v1") with { HostPort = 8080, Order = UpdateOrder.StopFirst };
        Deploy(Shop(web));
        Deploy(Shop(web with { Version = "v2" }));
        Rest();
    }

    [Fact]
    public void Slow_pull_holds_nothing_up_but_its_own_update()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Deploy(Shop(Web("slow")));
        Rest();
    }

    [Fact]
    public void Removed_stack_leaves_nothing()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Until(World.Ask(new ChangeRequest.Remove { Stack = "shop" }), ChangeOutcome.Done);
        Rest();
        Assert.Empty(World.Hosts.SelectMany(host => host.Of("shop")));
    }

    [Fact]
    public void Scale_down_while_a_host_is_down_is_made_good_when_it_returns()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        World.Host("h3").Crash(TimeSpan.FromSeconds(60));
        Pass(20);
        Until(World.Ask(new ChangeRequest.Scale { Stack = "shop", SkipUnreachable = true, Replicas = ImmutableSortedDictionary<string, int>.Empty.Add("web", 1) }), ChangeOutcome.Done);
        Ends(World.Ask(new ChangeRequest.Resume { Stack = "shop" }));
        Rest();
        Assert.Equal(1, Running(":v1"));
    }

    [Fact]
    public void Deploy_with_all_hosts_down_is_refused_and_works_when_they_are_back()
    {
        Begin();
        foreach (var host in World.Hosts) host.Crash(TimeSpan.FromSeconds(60));
        Pass(30);
        var refused = World.Ask(Shop(Web("v1")).Deploy);
        World.AdvanceUntil(() => refused.IsDone, TimeSpan.FromMinutes(3));
        Assert.Equal(CoordinatorErrorKind.Unreachable, refused.Rejected?.Kind);
        Pass(60);
        Deploy(Shop(Web("v1")));
        Rest();
    }

    /// <summary>Healthy after 0.7 s, passed after 1 s, and it exits after 1.5 s, every time.</summary>
    private static ServiceSetup DiesAfterItsGate => Web("quits") with { Monitor = TimeSpan.FromSeconds(1) };
}
