using Orchestrator.Api;
using Orchestrator.Stacks;

namespace Orchestrator.Simulation.Scenarios;

/// <summary>Updates that go on while something breaks.</summary>
public sealed class FaultTests : Scenario
{
    [Fact]
    public void Coordinator_may_crash_at_every_journal_position()
    {
        var commits = CommitsOfAnUpdate();
        Assert.InRange(commits, 10, 100);
        for (var at = 1; at <= commits; at++)
        {
            foreach (var isAfter in (bool[])[false, true])
            {
                Begin(seed: at);
                Deploy(Shop(Web("v1")));
                World.Coordinator.CrashAtCommit(at, isAfter, TimeSpan.FromSeconds(2));
                Deploy(Shop(Web("v2")), DoneOrNothing);
                Rest();
            }
        }
    }

    [Fact]
    public void Agent_may_crash_at_every_call_to_its_engine()
    {
        for (var at = 1; at <= 25; at++)
        {
            foreach (var isAfter in (bool[])[false, true])
            {
                Begin(seed: at);
                Deploy(Shop(Web("v1")));
                World.Host("h2").CrashAgentAtCall(at, isAfter, TimeSpan.FromSeconds(1));
                Ends(World.Ask(Shop(Web("v2")).Deploy));
                World.Heal();
                Deploy(Shop(Web("v2")), DoneOrNothing);
                Rest();
            }
        }
    }

    [Fact]
    public void Agent_crash_between_create_and_start_makes_no_second_container()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var update = World.Ask(Shop(Web("v2")).Deploy);
        When(() => World.Hosts.Any(h => h.Of("shop").Any(c => c.Status == "created")), "a container is created");
        World.Hosts.First(h => h.Of("shop").Any(c => c.Status == "created")).CrashAgent(TimeSpan.FromSeconds(1));
        Until(update, ChangeOutcome.Done);
        Rest();
    }

    [Fact]
    public void Links_that_break_all_the_time_deliver_twice_and_out_of_order_and_do_no_harm()
    {
        Begin(seed: 5);
        Deploy(Shop(Web("v1")));
        var update = World.Ask(Shop(Web("v2")).Deploy);
        for (var i = 0; i < 40; i++) World.After(TimeSpan.FromSeconds(i * 0.7), () => World.Dice.Pick(World.Hosts).Link.Break());
        Ends(update);
        Pass(60);
        Deploy(Shop(Web("v3")));
        Rest();
    }

    [Fact]
    public void Start_that_was_called_off_does_not_come_back_when_the_link_does()
    {
        Begin();
        Deploy(Shop(Web("v1") with { Parallelism = 0 }));
        var update = World.Ask(Shop(Web("v2") with { Parallelism = 0 }).Deploy);
        When(() => Hears<ChangeEvent.ReplicaMoved>(update, e => e.Phase == ReplicaStep.Gating), "replicas start");
        Deploy(Shop(Web("v3") with { Parallelism = 0 }));
        foreach (var host in World.Hosts) host.Link.Break();
        Pass(30);
        Rest();
    }

    [Fact]
    public void Start_that_is_called_off_when_it_serves_is_drained_first()
    {
        Begin(seed: 356);
        Deploy(Shop(Web("v1") with { Parallelism = 0 }));
        var update = World.Ask(Shop(Web("v2") with { Parallelism = 0 }).Deploy);
        When(() => World.Hosts.Any(h => h.Ingress.Endpoints.Any(e => update.ChangeId is not null && e.Replica.Revision != First())), "a new replica is in the traffic");
        Deploy(Shop(Web("v3") with { Parallelism = 0 }));
        Rest();
    }

    [Fact]
    public void Cut_heals_after_the_host_was_replaced()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        World.Host("h2").Link.Cut(TimeSpan.FromSeconds(60));
        Pass(20);
        World.Host("h2").Replace(TimeSpan.FromSeconds(10));
        Deploy(Shop(Web("v2")));
        Rest();
    }

    [Fact]
    public void Container_that_does_not_stop_is_killed_and_the_update_ends()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        foreach (var host in World.Hosts)
        {
            foreach (var container in host.Of("shop")) host.StopNever(container.Id);
        }

        Deploy(Shop(Web("v2")));
        Rest();
    }

    [Theory]
    [InlineData(-30)]
    [InlineData(3600)]
    public void Clock_of_a_host_may_step_in_the_middle_of_an_update(int seconds)
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var update = World.Ask(Shop(Web("v2")).Deploy);
        When(() => Hears<ChangeEvent.ReplicaMoved>(update, e => e.Phase == ReplicaStep.Gating), "a replica starts");
        foreach (var host in World.Hosts) host.StepClock(TimeSpan.FromSeconds(seconds));
        Until(update, ChangeOutcome.Done);
        Rest();
    }

    [Fact]
    public void Host_that_is_lost_in_the_middle_of_a_batch_is_replaced_by_others()
    {
        Begin();
        Deploy(Shop(Web("v1") with { Parallelism = 0 }));
        var update = World.Ask(Shop(Web("v2") with { Parallelism = 0 }).Deploy);
        When(() => Hears<ChangeEvent.ReplicaMoved>(update, e => e.Phase == ReplicaStep.Gating), "replicas start");
        World.Host("h2").Crash(TimeSpan.FromMinutes(3));
        Until(update, ChangeOutcome.Done);
        Rest();
    }

    [Fact]
    public void Coordinator_crash_during_a_drain_stops_nothing_too_early()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var update = World.Ask(Shop(Web("v2")).Deploy);
        When(() => World.Hosts.Any(h => h.Ingress.OpenUntil.Count > 0), "an old replica drains");
        World.Coordinator.Crash(TimeSpan.FromSeconds(3));
        Until(update, ChangeOutcome.Done);
        Rest();
    }

    [Fact]
    public void Ingress_that_never_acknowledges_holds_the_update_and_stops_nothing()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        World.Host("h1").StickIngress(TimeSpan.FromHours(2));
        Deploy(Shop(Web("v2")), ChangeOutcome.Paused);
        Assert.Equal(3, World.Hosts.Sum(h => h.Of("shop").Count(c => c.IsRunning && c.Request.Image.Contains(":v1", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Engine_that_restarts_in_the_middle_of_a_start_does_not_confuse_the_agent(bool keepsContainers)
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var update = World.Ask(Shop(Web("v2")).Deploy);
        When(() => World.Hosts.Any(h => h.Of("shop").Any(c => c.Status == "created")), "a container is created");
        World.Hosts.First(h => h.Of("shop").Any(c => c.Status == "created")).RestartEngine(TimeSpan.FromSeconds(5), keepsContainers);
        Ends(update);
        Deploy(Shop(Web("v3")));
        Rest();
    }

    [Fact]
    public void Stack_removed_and_deployed_again_while_a_host_is_away_works_when_it_is_back()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        World.Host("h3").Crash(TimeSpan.FromSeconds(90));
        Pass(20);
        Until(World.Ask(new ChangeRequest.Remove { Stack = "shop" }), ChangeOutcome.Done);
        Deploy(Shop(Web("v2")));
        Pass(120);
        Deploy(Shop(Web("v3")));
        Rest();
    }

    /// <summary>Repair of what it brings back waits for the change, and that waits for a person.</summary>
    [Theory]
    [InlineData(StrategyKind.BlueGreen, true)]
    [InlineData(StrategyKind.Canary, false)]
    public void Host_that_is_back_while_an_atomic_change_that_was_planned_without_it_is_held_breaks_no_promise(StrategyKind strategy, bool isGlobal)
    {
        Begin();
        var web = Web("v1") with { IsGlobal = isGlobal, Strategy = new StrategySpec { Kind = strategy, IsManual = true } };
        Deploy(Shop(web));
        World.Host("h3").Crash(TimeSpan.FromMinutes(1));
        Pass(20);
        Until(World.Ask(Shop(web with { Version = "v2" }).Deploy with { IsAtomic = true }), ChangeOutcome.Held);
        Pass(15 * 60);
        Until(World.Ask(new ChangeRequest.Promote { Stack = "shop" }), ChangeOutcome.Done);
        Rest();
        Assert.Equal(3, Running(":v2"));
    }

    private int CommitsOfAnUpdate()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        var before = World.Coordinator.Commits;
        Deploy(Shop(Web("v2")));
        return World.Coordinator.Commits - before;
    }
}
