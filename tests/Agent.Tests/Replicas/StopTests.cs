using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Replicas;

public sealed class StopTests : IDisposable
{
    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Stop_removes_the_container_and_says_so_after_it_is_gone()
    {
        _bench.Passed(_bench.Spec());
        _bench.Forget();

        _bench.Stop();

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Empty(_bench.Engine.Containers);
        Assert.InRange(_bench.Heard.FindIndex(happened => happened is AgentEvent.ReplicaGone), 0, _bench.Heard.FindIndex(happened => happened is AgentEvent.ReplicaStopped) - 1);
    }

    [Fact]
    public void Stop_ends_a_replica_that_somebody_has_paused()
    {
        _bench.Passed(_bench.Spec());
        _bench.Engine.Pause(_bench.Container().Id);

        _bench.Stop(retain: true);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Equal(("exited", false), (_bench.Container().Status, _bench.Container().IsPaused));
    }

    [Fact]
    public void Stop_of_what_is_not_there_answers()
    {
        _bench.Stop();

        _bench.One<AgentEvent.ReplicaStopped>();
    }

    [Fact]
    public void Stop_with_retain_keeps_the_container_without_a_restart_policy()
    {
        _bench.Passed(_bench.Spec());
        _bench.Forget();

        _bench.Stop(retain: true);

        Assert.Equal(("exited", "no"), (_bench.Container().Status, _bench.Container().RestartPolicy.Name));
        Assert.Equal(ReplicaState.Retained, _bench.Known()!.State);
        Assert.DoesNotContain(_bench.All<AgentEvent.ReplicaChanged>(), changed => changed.Replica.State is ReplicaState.Exited or ReplicaState.Starting);
        Assert.InRange(_bench.Heard.FindLastIndex(happened => happened is AgentEvent.ReplicaChanged), 0, _bench.Heard.FindIndex(happened => happened is AgentEvent.ReplicaStopped) - 1);
    }

    [Fact]
    public void Kept_container_starts_again_without_a_pull_and_goes_through_its_gate()
    {
        var spec = _bench.Spec();
        var first = _bench.Passed(spec);
        _bench.Stop(retain: true);
        _bench.Forget();

        var again = _bench.Passed(spec, "start-2");

        Assert.Equal(first.Id, again.Id);
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        Assert.Equal("unless-stopped", again.RestartPolicy.Name);
        Assert.DoesNotContain(_bench.All<AgentEvent.ReplicaProgressed>(), progressed => progressed.Phase == ReplicaPhase.Pulling);
        Assert.DoesNotContain(_bench.All<AgentEvent.ReplicaChanged>(), changed => changed.Replica.State == ReplicaState.Exited);
    }

    [Fact]
    public void Kept_container_whose_network_is_gone_joins_the_one_made_anew()
    {
        var network = new NetworkAttachmentSpec { Network = "default", EngineName = "shop_default" };
        var spec = _bench.Spec(container => container with { Networks = [network] });
        spec = spec with { Networks = spec.Networks.Add("default", new NetworkSpec { EngineName = "shop_default" }) };
        _bench.Passed(spec);
        _bench.Stop(retain: true);
        Assert.True(_bench.Engine.RemoveNetworkAsync("shop_default", CancellationToken.None).IsCompletedSuccessfully);
        _bench.Forget();

        _bench.Passed(spec, "start-2");
    }

    [Fact]
    public void Stop_during_a_pull_gives_the_pull_up()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { PullTakes = TimeSpan.FromMinutes(5) });
        _bench.Start(_bench.Spec());
        _bench.Stop();

        _bench.One<AgentEvent.ReplicaStopped>();
        _bench.Advance(600);
        Assert.Empty(_bench.Engine.Containers);
        Assert.Empty(_bench.All<AgentEvent.ReplicaFailed>());
    }

    [Fact]
    public void Stop_during_the_gate_ends_the_start_without_an_answer_to_it()
    {
        _bench.Start(_bench.Spec());
        _bench.Advance(1);
        _bench.Stop();
        _bench.Advance(60);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Empty(_bench.All<AgentEvent.ReplicaPassed>());
        Assert.Empty(_bench.All<AgentEvent.ReplicaFailed>());
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Stop_during_a_create_waits_for_it_and_removes_what_it_made()
    {
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.CreateContainerAsync)) { Delay = TimeSpan.FromSeconds(3) });
        _bench.Start(_bench.Spec());
        _bench.Advance(1);
        _bench.Stop();
        Assert.Empty(_bench.All<AgentEvent.ReplicaStopped>());

        _bench.Advance(3);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.CreateContainerAsync)));
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Start_after_a_stop_under_way_begins_when_it_has_ended()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { StopTakes = TimeSpan.FromSeconds(4) });
        _bench.Passed(_bench.Spec());
        _bench.Forget();
        _bench.Stop();
        _bench.Start(_bench.Spec(), "start-2");
        _bench.Advance(3);
        Assert.Empty(_bench.All<AgentEvent.ReplicaStopped>());

        _bench.Advance(10);

        Assert.Equal("start-2", _bench.One<AgentEvent.ReplicaPassed>().CommandId);
        _bench.One<AgentEvent.ReplicaStopped>();
    }

    [Fact]
    public void Stop_repeated_answers_both_and_stops_once()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { StopTakes = TimeSpan.FromSeconds(4) });
        _bench.Passed(_bench.Spec());
        _bench.Stop(id: "a");
        _bench.Stop(id: "b");
        _bench.Advance(5);

        Assert.Equal(["a", "b"], _bench.All<AgentEvent.ReplicaStopped>().Select(stopped => stopped.CommandId));
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StopContainerAsync)));
    }

    [Fact]
    public void Stop_that_is_to_remove_wins_over_one_that_is_to_keep()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { StopTakes = TimeSpan.FromSeconds(4) });
        _bench.Passed(_bench.Spec());
        _bench.Stop(retain: true, id: "a");
        _bench.Stop(retain: false, id: "b");
        _bench.Advance(5);

        Assert.Equal(2, _bench.All<AgentEvent.ReplicaStopped>().Count());
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Stop_gives_the_containers_own_grace_period_unless_told_another()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { StopTakes = null });
        var container = _bench.Passed(_bench.Spec(spec => spec with { StopGracePeriod = TimeSpan.FromSeconds(20) }));
        _bench.Stop(retain: true);
        _bench.Advance(19);
        Assert.True(container.IsRunning);
        _bench.Advance(2);
        Assert.Equal(["SIGTERM", "SIGKILL"], container.Signals);

        _bench.Passed(_bench.Spec(spec => spec with { StopGracePeriod = TimeSpan.FromSeconds(20) }), "start-2");
        _bench.Stop(grace: TimeSpan.FromSeconds(1), id: "stop-2");
        _bench.Advance(2);
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Stop_that_never_comes_back_is_followed_by_a_kill()
    {
        var container = _bench.Passed(_bench.Spec());
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.StopContainerAsync)) { Delay = TimeSpan.FromDays(1) });
        _bench.Stop();
        _bench.Advance(39);
        Assert.Empty(_bench.All<AgentEvent.ReplicaStopped>());

        _bench.Advance(2);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Equal(["SIGKILL"], container.Signals);
    }

    [Fact]
    public void Stop_and_kill_that_never_come_back_fail_at_the_stop()
    {
        _bench.Passed(_bench.Spec());
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.StopContainerAsync)) { Delay = TimeSpan.FromDays(1) });
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.KillContainerAsync)) { Delay = TimeSpan.FromDays(1) });
        _bench.Stop();
        _bench.Advance(60);

        Assert.Equal(ReplicaStage.Stop, _bench.Failure().Stage);
        Assert.Contains("longer than", _bench.Failure().Message, StringComparison.Ordinal);
        Assert.Contains("h1", _bench.Failure().Message, StringComparison.Ordinal);

        _bench.Stop(id: "stop-2");
        Assert.Equal("stop-2", _bench.One<AgentEvent.ReplicaStopped>().CommandId);
    }

    [Fact]
    public void Restart_policy_that_cannot_be_set_takes_no_grace_away_and_is_set_once_it_has_stopped()
    {
        var container = _bench.Passed(_bench.Spec());
        _bench.Engine.FailNext(nameof(IEngine.UpdateRestartPolicyAsync));
        _bench.Stop(retain: true);
        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Equal(["SIGTERM"], container.Signals);
        Assert.Equal(RestartPolicy.No, container.RestartPolicy);
    }

    [Fact]
    public void What_is_killed_and_kept_has_no_restart_policy_either()
    {
        var container = _bench.Passed(_bench.Spec());
        _bench.Engine.FailNext(nameof(IEngine.UpdateRestartPolicyAsync));
        _bench.Engine.FailNext(nameof(IEngine.StopContainerAsync));
        _bench.Stop(retain: true);
        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Equal(["SIGKILL"], container.Signals);
        Assert.Equal(RestartPolicy.No, container.RestartPolicy);
    }

    [Fact]
    public void Removal_that_is_already_in_progress_is_waited_for()
    {
        _bench.Passed(_bench.Spec());
        _bench.Engine.FailNext(nameof(IEngine.RemoveContainerAsync), EngineErrorKind.Conflict, times: 3);
        _bench.Stop();
        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaStopped>();
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Stop_of_a_failed_replica_removes_it_and_a_new_start_makes_it_anew()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { ExitsAfter = TimeSpan.FromSeconds(1), ExitCode = 1 });
        var spec = _bench.Spec();
        _bench.Start(spec);
        _bench.Advance(2);
        var failed = _bench.Container().Id;
        _bench.Failure();

        _bench.Stop();
        Assert.Empty(_bench.Engine.Containers);
        _bench.Forget();
        _bench.Start(spec);
        Assert.NotEqual(failed, _bench.Container().Id);
    }

    [Fact]
    public void Replica_that_ended_by_itself_is_kept_when_told_so()
    {
        _bench.Passed(_bench.Spec(container => container with { Restart = new RestartSpec { Condition = RestartCondition.None } }));
        _bench.Engine.EndProcess(_bench.Container().Id, 0);
        _bench.Settle();
        Assert.Equal((ReplicaState.Exited, 0), (_bench.Known()!.State, _bench.Known()!.ExitCode!.Value));

        _bench.Stop(retain: true);

        Assert.Equal(ReplicaState.Retained, _bench.Known()!.State);
    }
}
