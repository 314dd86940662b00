using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Inventory;

public sealed class InventoryTests : IDisposable
{
    private readonly AgentBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Link_up_is_answered_with_facts_and_containers()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.LinkDown();
        _bench.Forget();

        _bench.LinkUp();

        var inventory = _bench.One<AgentEvent.InventoryReported>();
        Assert.Equal(("h1", "1.2.3", "20.10.24", "x86_64", 4), (inventory.Facts.Name, inventory.Facts.AgentVersion, inventory.Facts.EngineVersion, inventory.Facts.Architecture, inventory.Facts.Cpus));
        Assert.Equal("a", inventory.Facts.Labels["zone"]);
        Assert.Null(inventory.Facts.EngineError);
        var replica = Assert.Single(inventory.Replicas);
        Assert.Equal((AgentBench.Key(), ReplicaState.Running, "hash-1"), (replica.Key, replica.State, replica.ConfigHash));
    }

    [Fact]
    public void What_is_reserved_for_a_replica_is_known_again_after_a_restart_of_the_agent()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec(c => c with { Resources = new ResourcesSpec { CpuReservation = 0.25m, MemoryReservationBytes = 1 << 20 } }));
        _bench.RestartAgent();

        var replica = Assert.Single(_bench.One<AgentEvent.InventoryReported>().Replicas);

        Assert.Equal((0.25m, 1L << 20), (replica.ReservedCpus, replica.ReservedMemoryBytes));
    }

    [Fact]
    public void Inventory_is_reported_on_request()
    {
        _bench.Connected();

        _bench.Send(new AgentCommand.ReportInventory { CommandId = "i" });

        _bench.One<AgentEvent.InventoryReported>();
    }

    [Fact]
    public void Nothing_is_sent_while_the_link_is_down()
    {
        _bench.Connected();
        _bench.LinkDown();
        _bench.Start(_bench.Spec());
        _bench.Advance(10);
        Assert.Empty(_bench.Heard);

        _bench.LinkUp();
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
        _bench.Start(_bench.Spec());
        _bench.One<AgentEvent.ReplicaPassed>();
    }

    [Fact]
    public void Engine_that_is_down_at_first_is_said_and_reported_when_it_comes()
    {
        using var bench = new AgentBench();
        bench.Engine.Disconnect();
        bench.RestartAgent();
        bench.Advance(1);
        Assert.Contains("connection refused", bench.All<AgentEvent.InventoryReported>().Last().Facts.EngineError, StringComparison.Ordinal);
        bench.Forget();

        bench.Engine.Reconnect();
        bench.Advance(9);

        Assert.Null(bench.One<AgentEvent.InventoryReported>().Facts.EngineError);
    }

    [Fact]
    public void Engine_that_goes_away_is_tried_again_with_growing_pauses_and_its_containers_are_reported_anew()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.Forget();
        _bench.Engine.Disconnect();
        _bench.Settle();
        var down = _bench.One<AgentEvent.InventoryReported>();
        Assert.NotNull(down.Facts.EngineError);
        Assert.Single(down.Replicas);

        _bench.Engine.EndProcess(AgentBench.Key().ContainerName, 0);
        _bench.Advance(60);
        _bench.One<AgentEvent.InventoryReported>();
        _bench.Forget();
        _bench.Engine.Reconnect();
        _bench.Advance(9);

        var up = _bench.One<AgentEvent.InventoryReported>();
        Assert.Null(up.Facts.EngineError);
        Assert.Equal(1, Assert.Single(up.Replicas).RestartCount);
    }

    [Fact]
    public async Task Container_that_vanished_while_the_engine_was_away_is_not_in_the_inventory()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.Engine.Disconnect();
        _bench.Settle();
        _bench.Engine.Reconnect();
        await _bench.Engine.RemoveContainerAsync(AgentBench.Key().ContainerName, force: true, volumes: false, CancellationToken.None);
        _bench.Forget();

        _bench.Advance(9);

        Assert.Empty(_bench.One<AgentEvent.InventoryReported>().Replicas);
    }

    [Fact]
    public void Changes_are_told_as_they_happen()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.Forget();

        _bench.Engine.EndProcess(_bench.Container().Id, 7);
        _bench.Settle();

        Assert.Equal((ReplicaState.Restarting, AgentBench.Key()), (_bench.Known()!.State, _bench.Known()!.Key));
    }

    [Fact]
    public void Equal_observations_are_told_once()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.Forget();

        _bench.Advance(120);

        Assert.Empty(_bench.Heard);
    }

    [Fact]
    public async Task Containers_of_others_are_neither_reported_nor_touched()
    {
        _bench.Connected();
        _bench.Engine.AddImage(new FakeImage("other:v1"));
        await _bench.Engine.CreateContainerAsync("other", new CreateContainer { Image = "other:v1" }, CancellationToken.None);
        _bench.Advance(60);

        Assert.Empty(_bench.Heard);
    }

    [Fact]
    public void Agent_restart_touches_no_container_and_reports_it_as_passed()
    {
        _bench.Connected();
        var container = _bench.Passed(_bench.Spec());
        var before = (container.StartedAt, container.RestartPolicy);

        _bench.RestartAgent();
        _bench.Advance(60);

        Assert.Equal(before, (container.StartedAt, container.RestartPolicy));
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
        _bench.Start(_bench.Spec());
        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StartContainerAsync)));
    }

    [Fact]
    public void Agent_restart_within_the_gate_shows_it_as_starting_and_the_repeated_command_finishes_it()
    {
        _bench.Connected();
        _bench.Start(_bench.Spec(monitor: TimeSpan.FromSeconds(30)));
        _bench.Advance(10);

        _bench.RestartAgent();
        Assert.Equal(ReplicaState.Starting, _bench.Known()!.State);
        _bench.Start(_bench.Spec(monitor: TimeSpan.FromSeconds(30)));
        _bench.Advance(19);
        Assert.Empty(_bench.All<AgentEvent.ReplicaPassed>());
        _bench.Advance(2);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StartContainerAsync)));
    }

    [Fact]
    public void Exit_in_the_gate_while_no_agent_was_there_is_answered_as_the_failure_it_was()
    {
        _bench.Connected();
        _bench.Start(_bench.Spec(monitor: TimeSpan.FromSeconds(30)));
        _bench.Advance(10);
        _bench.RestartAgent();
        _bench.Engine.EndProcess(_bench.Container().Id, 9);
        _bench.Settle();

        _bench.Start(_bench.Spec(monitor: TimeSpan.FromSeconds(30)));

        Assert.Equal((ReplicaStage.Gate, 9), (_bench.Failure().Stage, _bench.Failure().ExitCode!.Value));
        Assert.Equal(ReplicaState.Exited, _bench.Known()!.State);
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StartContainerAsync)));
    }

    [Fact]
    public void Agent_restart_keeps_a_retained_container_retained()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.Stop(retain: true);

        _bench.RestartAgent();

        Assert.Equal(ReplicaState.Retained, _bench.Known()!.State);
    }

    [Fact]
    public void Agent_restart_verifies_a_container_whose_health_the_engine_does_not_know_yet()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec(container => container with { Healthcheck = new HealthcheckSpec { Test = ["CMD", "check"] } }, monitor: TimeSpan.FromSeconds(1)));
        Assert.Equal("starting", _bench.Container().Health!.Status);

        _bench.RestartAgent();
        _bench.Advance(1);

        Assert.Equal((ReplicaState.Running, ReplicaHealth.Healthy), (_bench.Known()!.State, _bench.Known()!.Health));
    }

    [Fact]
    public void Agent_restart_tells_a_job_that_has_passed_from_one_that_has_not_by_its_monitor_time()
    {
        _bench.Connected();
        ContainerSpec Job(ContainerSpec container) => container with { Restart = new RestartSpec { Condition = RestartCondition.None } };
        _bench.Start(_bench.Spec(Job, monitor: TimeSpan.FromSeconds(20)));
        _bench.Advance(10);
        _bench.RestartAgent();
        Assert.Equal(ReplicaState.Starting, _bench.Known()!.State);

        _bench.Advance(15);
        _bench.RestartAgent();
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
    }

    [Fact]
    public void Job_that_ended_after_it_had_passed_answers_a_repeated_start_without_running_again()
    {
        _bench.Connected();
        ContainerSpec Job(ContainerSpec container) => container with { Restart = new RestartSpec { Condition = RestartCondition.None } };
        _bench.Passed(_bench.Spec(Job));
        _bench.Engine.EndProcess(_bench.Container().Id, 0);
        _bench.RestartAgent();
        Assert.Equal(ReplicaState.Exited, _bench.Known()!.State);

        _bench.Start(_bench.Spec(Job));

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StartContainerAsync)));
    }

    [Fact]
    public void Host_that_lost_its_power_is_reported_as_the_engine_brought_it_up()
    {
        _bench.Connected();
        _bench.Passed(_bench.Spec());
        _bench.Engine.Crash();
        _bench.Advance(30);
        _bench.Forget();

        _bench.Engine.Boot();
        _bench.Advance(9);

        Assert.Equal(ReplicaState.Running, Assert.Single(_bench.One<AgentEvent.InventoryReported>().Replicas).State);
    }

    [Fact]
    public void Agent_that_its_supervisor_restarts_says_that_it_has_forgotten_what_it_was_told()
    {
        _bench.LinkUp();
        Assert.True(_bench.One<AgentEvent.InventoryReported>().HasForgotten);
        _bench.Forget();
        _bench.Send(new AgentCommand.ReportInventory { CommandId = "again" });
        Assert.False(_bench.One<AgentEvent.InventoryReported>().HasForgotten);
        _bench.Forget();

        // No message of the link's is so broken; whatever makes the actor throw would do.
        _bench.Send(new AgentCommand.StopReplica { CommandId = "broken", Key = null! });

        Assert.True(_bench.One<AgentEvent.InventoryReported>().HasForgotten);
    }

    [Fact]
    public void Traffic_that_its_supervisor_restarts_asks_for_its_tables()
    {
        _bench.Connected();

        _bench.Send(new AgentCommand.BeginTraffic { CommandId = "broken", Stacks = default });
        Assert.True(_bench.One<AgentEvent.InventoryReported>().HasForgotten);

        // And shows them again.
        _bench.Forget();
        _bench.Send(new AgentCommand.BeginTraffic { CommandId = "begin", Stacks = ["shop"] });
        _bench.Send(new AgentCommand.ApplyTraffic { CommandId = "table", Table = new Orchestrator.Traffic.TrafficTable { Stack = "shop", Version = 7 } });
        Assert.Equal(7, _bench.All<AgentEvent.TrafficApplied>().Last().Version);
    }
}
