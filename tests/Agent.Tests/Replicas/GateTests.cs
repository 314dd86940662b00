using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Replicas;

public sealed class GateTests : IDisposable
{
    private const string Checked = "registry.test/checked:v1";
    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    private ReplicaSpec WithCheck(FakeImage behaviour, HealthcheckSpec? check = null, TimeSpan? monitor = null, TimeSpan? deadline = null)
    {
        _bench.Engine.Registry.Push(behaviour);
        return _bench.Spec(container => container with { Healthcheck = check ?? new HealthcheckSpec { Test = ["CMD", "check"] } }, monitor, deadline, Checked);
    }

    [Fact]
    public void Healthcheck_is_run_by_the_agent_long_before_the_engine_would()
    {
        _bench.Start(WithCheck(new FakeImage(Checked) { HealthyAfter = TimeSpan.FromMilliseconds(700) }, monitor: TimeSpan.FromSeconds(1)));
        _bench.Advance(0.65);
        Assert.Empty(_bench.All<AgentEvent.ReplicaReady>());
        Assert.Equal(ReplicaHealth.Starting, _bench.Known()!.Health);

        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal("starting", _bench.Container().Health!.Status);
        Assert.Equal(ReplicaHealth.Healthy, _bench.Known()!.Health);
        Assert.True(_bench.Known()!.IsServing);
    }

    [Fact]
    public void Engines_own_healthcheck_counts_where_it_is_quicker()
    {
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(1) };
        var spec = WithCheck(new FakeImage(Checked), check, monitor: TimeSpan.FromSeconds(2));
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.ExecAsync)) { Delay = TimeSpan.FromHours(1), Times = 100 });
        _bench.Start(spec);
        _bench.Advance(0.9);
        Assert.Empty(_bench.All<AgentEvent.ReplicaReady>());

        _bench.Advance(0.2);
        _bench.One<AgentEvent.ReplicaReady>();
        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.ExecAsync)));
    }

    [Fact]
    public void Engines_own_healthcheck_does_not_stand_for_another_ready_probe()
    {
        _bench.Ready.Error = "connection refused";
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(1) };
        _bench.Engine.Registry.Push(new FakeImage(Checked));
        _bench.Start(_bench.Spec(container => container with { Healthcheck = check, Ready = new ReadySpec { Port = 80 }, NetworkMode = "host" }, image: Checked));
        _bench.Advance(5);

        Assert.Equal("healthy", _bench.Container().Health!.Status);
        Assert.Empty(_bench.All<AgentEvent.ReplicaReady>());
    }

    [Fact]
    public void Passing_is_told_as_soon_as_the_policy_is_set()
    {
        _bench.Start(_bench.Spec());
        _bench.Advance(4.9);
        _bench.Engine.Latency = TimeSpan.FromSeconds(1);

        // A last look at 5 s, then the policy: each takes a second.
        _bench.Advance(2.2);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
        Assert.True(_bench.Heard.FindIndex(e => e is AgentEvent.ReplicaChanged { Replica.State: ReplicaState.Running }) < _bench.Heard.FindIndex(e => e is AgentEvent.ReplicaPassed));
    }

    [Fact]
    public void Healthcheck_of_the_image_counts_and_shell_form_is_given_to_the_shell()
    {
        List<IReadOnlyList<string>> commands = [];
        _bench.Engine.Registry.Push(new FakeImage(Checked)
        {
            Healthcheck = new Healthcheck { Test = ["CMD-SHELL", "wget -q localhost || exit 1"] },
            Exec = (_, request) =>
            {
                commands.Add(request.Command);
                return null;
            },
        });
        _bench.Start(_bench.Spec(image: Checked));
        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaReady>();
        Assert.Equal([["/bin/sh", "-c", "wget -q localhost || exit 1"]], commands);
    }

    [Fact]
    public void Disabled_healthcheck_is_ready_as_soon_as_it_runs()
    {
        _bench.Engine.Registry.Push(new FakeImage(Checked) { Healthcheck = new Healthcheck { Test = ["CMD", "check"] }, HealthyAfter = null });
        _bench.Start(_bench.Spec(container => container with { Healthcheck = new HealthcheckSpec { Test = ["NONE"] } }, image: Checked));

        _bench.One<AgentEvent.ReplicaReady>();
        Assert.Equal(ReplicaHealth.None, _bench.Known()!.Health);
    }

    [Fact]
    public void Healthcheck_that_never_succeeds_fails_no_sooner_than_the_engine_would_say_so()
    {
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(4), Retries = 2, StartPeriod = TimeSpan.FromSeconds(5) };
        _bench.Start(WithCheck(new FakeImage(Checked) { HealthyAfter = null, ProbeOutput = "page not found\n", Prints = [new LogLine(false, "listening")] }, check));
        _bench.Advance(11.5);
        Assert.Empty(_bench.All<AgentEvent.ReplicaFailed>());

        _bench.Advance(6);

        var report = _bench.Failure();
        Assert.Equal(ReplicaStage.Gate, report.Stage);
        Assert.Equal((1, "page not found\n"), (report.ProbeExitCode, report.ProbeOutput));
        Assert.Equal("listening", Assert.Single(report.LogLines));
        Assert.Equal("exited", _bench.Container().Status);
        Assert.Equal("no", _bench.Container().RestartPolicy.Name);
        Assert.Equal(ReplicaState.Exited, _bench.Known()!.State);
    }

    [Fact]
    public void Slow_probes_that_fail_count_at_the_pace_of_the_engine()
    {
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(10), Retries = 2, Timeout = TimeSpan.FromSeconds(30) };
        var spec = WithCheck(new FakeImage(Checked) { HealthyAfter = null }, check);
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.ExecAsync)) { Delay = TimeSpan.FromSeconds(8), Times = 1000 });
        _bench.Start(spec);
        // The engine of this test probes in no time and says unhealthy after 20 s; ours, of 8 s each, would begin at 10 s, end at 18 s, and begin again at 28 s.
        _bench.Advance(19);
        Assert.Empty(_bench.All<AgentEvent.ReplicaFailed>());
        _bench.Advance(3);
        Assert.Contains("the engine's healthcheck", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, null, false)]
    [InlineData(14, null, false)]
    [InlineData(15, null, true)]
    [InlineData(20, 15, false)]
    [InlineData(25, 15, true)]
    public void Failed_probe_counts_after_the_start_period_and_an_interval_after_the_last(int began, int? lastCounted, bool counts)
    {
        var probe = Orchestrator.Agent.Replicas.GateProbe.For(null, new Healthcheck { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(10), StartPeriod = TimeSpan.FromSeconds(5) })!;
        var start = _bench.Time.GetUtcNow();

        Assert.Equal(counts, probe.Counts(start.AddSeconds(began), start, lastCounted is { } seconds ? start.AddSeconds(seconds) : null));
    }

    [Fact]
    public void Failing_probes_are_told_on_the_way()
    {
        _bench.Start(WithCheck(new FakeImage(Checked) { HealthyAfter = null, ProbeOutput = "first\nconnection refused" }));
        _bench.Advance(5);

        Assert.Contains(_bench.All<AgentEvent.ReplicaProgressed>(), progressed => progressed is { Phase: ReplicaPhase.Gating, Detail: "probe: connection refused" });
    }

    [Fact]
    public void Probe_that_hangs_counts_as_failed_after_its_timeout_and_the_next_one_succeeds()
    {
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Timeout = TimeSpan.FromSeconds(2) };
        var spec = WithCheck(new FakeImage(Checked), check);
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.ExecAsync)) { Delay = TimeSpan.FromHours(1) });
        _bench.Start(spec);
        _bench.Advance(2);
        Assert.Empty(_bench.All<AgentEvent.ReplicaReady>());

        _bench.Advance(1);

        _bench.One<AgentEvent.ReplicaReady>();
        Assert.Contains(_bench.All<AgentEvent.ReplicaProgressed>(), progressed => progressed.Detail?.Contains("longer than 2 s", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void Progress_deadline_ends_a_gate_that_its_healthcheck_would_leave_open()
    {
        _bench.Start(WithCheck(new FakeImage(Checked) { HealthyAfter = null, ProbeOutput = "no" }, deadline: TimeSpan.FromSeconds(20)));
        _bench.Advance(21);

        Assert.Equal(ReplicaStage.Gate, _bench.Failure().Stage);
        Assert.Contains("progress_deadline", _bench.Failure().Message, StringComparison.Ordinal);
        Assert.Contains("the last probe said: no", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exit_before_ready_fails_with_code_and_the_last_ten_lines()
    {
        _bench.Start(WithCheck(new FakeImage(Checked)
        {
            HealthyAfter = null,
            ExitsAfter = TimeSpan.FromSeconds(1.5),
            ExitCode = 3,
            Prints = [.. Enumerable.Range(1, 12).Select(line => new LogLine(line % 2 == 0, $"line {line}"))],
        }));
        _bench.Advance(2);

        var report = _bench.Failure();
        Assert.Equal((ReplicaStage.Gate, 3, false), (report.Stage, report.ExitCode!.Value, report.OomKilled));
        Assert.Contains("exited with code 3 1.5 s after its start, before it was ready", report.Message, StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(3, 10).Select(line => $"line {line}"), report.LogLines);
        Assert.Equal(ReplicaState.Exited, _bench.Known()!.State);
        Assert.DoesNotContain(_bench.All<AgentEvent.ReplicaChanged>(), changed => changed.Replica.State == ReplicaState.Retained);
        Assert.Equal(3, _bench.Known()!.ExitCode);
    }

    [Fact]
    public void Exit_of_a_container_that_has_ended_before_the_start_call_returned_is_seen()
    {
        _bench.Engine.Registry.Push(new FakeImage(Checked) { ExitsAfter = TimeSpan.FromMilliseconds(1), ExitCode = 1 });
        _bench.Engine.Latency = TimeSpan.FromMilliseconds(5);
        _bench.Start(_bench.Spec(image: Checked));
        _bench.Advance(1);

        Assert.Equal((ReplicaStage.Gate, 1), (_bench.Failure().Stage, _bench.Failure().ExitCode!.Value));
    }

    [Fact]
    public void Exit_with_code_0_within_the_monitor_time_fails()
    {
        _bench.Engine.Registry.Push(new FakeImage(Checked) { ExitsAfter = TimeSpan.FromSeconds(3) });
        _bench.Start(_bench.Spec(image: Checked));
        _bench.Advance(6);

        Assert.Equal((ReplicaStage.Monitor, 0), (_bench.Failure().Stage, _bench.Failure().ExitCode!.Value));
        Assert.Empty(_bench.All<AgentEvent.ReplicaPassed>());
    }

    [Fact]
    public void Memory_over_the_limit_is_said()
    {
        _bench.Engine.Registry.Push(new FakeImage(Checked) { ExitsAfter = TimeSpan.FromSeconds(3), OomKilled = true });
        _bench.Start(_bench.Spec(container => container with { Resources = new ResourcesSpec { MemoryLimitBytes = 64 * 1024 * 1024 } }, image: Checked));
        _bench.Advance(6);

        Assert.True(_bench.Failure().OomKilled);
        Assert.Contains("more memory than its limit of 64 MiB", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unhealthy_within_the_monitor_time_fails()
    {
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(1), Retries = 2 };
        _bench.Start(WithCheck(new FakeImage(Checked) { UnhealthyAfter = TimeSpan.FromSeconds(4), ProbeOutput = "queue full" }, check, monitor: TimeSpan.FromSeconds(20)));
        _bench.Advance(10);

        var report = _bench.Failure();
        Assert.Equal((ReplicaStage.Monitor, 1, "queue full"), (report.Stage, report.ProbeExitCode!.Value, report.ProbeOutput));
        Assert.Equal("exited", _bench.Container().Status);
    }

    [Fact]
    public void Log_that_cannot_be_read_is_said_in_its_place()
    {
        _bench.Engine.Registry.Push(new FakeImage(Checked) { ExitsAfter = TimeSpan.FromSeconds(1), ExitCode = 1 });
        _bench.Engine.FailNext(nameof(IEngine.LogsAsync));
        _bench.Start(_bench.Spec(image: Checked));
        _bench.Advance(2);

        Assert.Contains("could not be read: injected failure", Assert.Single(_bench.Failure().LogLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Restart_policy_that_cannot_be_set_at_first_is_set_later()
    {
        _bench.Engine.FailNext(nameof(IEngine.UpdateRestartPolicyAsync), times: 2);
        _bench.Start(_bench.Spec());
        _bench.Advance(5.5);
        Assert.Empty(_bench.All<AgentEvent.ReplicaPassed>());

        _bench.Advance(2);

        _bench.One<AgentEvent.ReplicaPassed>();
    }

    [Fact]
    public void Ready_probe_goes_to_the_containers_address_and_decides_alone()
    {
        _bench.Ready.Error = "connection refused";
        _bench.Engine.Registry.Push(new FakeImage(Checked) { Healthcheck = new Healthcheck { Test = ["CMD", "check"] } });
        var network = new NetworkAttachmentSpec { Network = "default", EngineName = "shop_default" };
        var spec = _bench.Spec(container => container with { Ready = new ReadySpec { HttpPath = "/ready", Port = 8080 }, Networks = [network] }, image: Checked);
        _bench.Start(spec with { Networks = spec.Networks.Add("default", new NetworkSpec { EngineName = "shop_default" }) });
        _bench.Advance(3);
        Assert.Empty(_bench.All<AgentEvent.ReplicaReady>());

        _bench.Ready.Error = null;
        _bench.Advance(6);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.NotEmpty(_bench.Ready.Asked[0].Address);
        Assert.Equal(0, _bench.CallsOf(nameof(IEngine.ExecAsync)));
    }

    [Fact]
    public void Ready_probe_that_hangs_is_tried_again()
    {
        _bench.Ready.Hangs = true;
        _bench.Start(_bench.Spec(container => container with { Ready = new ReadySpec { Port = 80 }, NetworkMode = "host" }));
        _bench.Advance(12);
        _bench.Ready.Hangs = false;
        _bench.Advance(10);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.All(_bench.Ready.Asked, asked => Assert.Equal("127.0.0.1", asked.Address));
    }

    [Fact]
    public void Engine_that_goes_away_within_the_gate_and_comes_back_costs_only_time()
    {
        _bench.Start(_bench.Spec());
        _bench.Advance(1);
        _bench.Engine.Disconnect();
        _bench.Advance(10);
        Assert.Empty(_bench.All<AgentEvent.ReplicaFailed>());

        _bench.Engine.Reconnect();
        _bench.Advance(20);

        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
    }

    [Fact]
    public async Task Container_that_somebody_removes_within_the_gate_fails()
    {
        _bench.Start(_bench.Spec());
        await _bench.Engine.RemoveContainerAsync(AgentBench.Key().ContainerName, force: true, volumes: false, CancellationToken.None);
        _bench.Advance(1);

        Assert.Equal(ReplicaStage.Monitor, _bench.Failure().Stage);
        Assert.Null(_bench.Known());
    }

    [Fact]
    public void Restart_by_the_engine_after_the_gate_is_verified_by_our_own_probe()
    {
        _bench.Start(WithCheck(new FakeImage(Checked), monitor: TimeSpan.FromSeconds(1)));
        _bench.Advance(2);
        _bench.One<AgentEvent.ReplicaPassed>();
        _bench.Forget();

        _bench.Engine.EndProcess(_bench.Container().Id, 1);
        _bench.Settle();
        Assert.Equal(ReplicaState.Restarting, _bench.Known()!.State);
        _bench.Advance(2);

        Assert.Equal((ReplicaState.Running, ReplicaHealth.Healthy, 1), (_bench.Known()!.State, _bench.Known()!.Health, _bench.Known()!.RestartCount));
        Assert.Equal("starting", _bench.Container().Health!.Status);
        Assert.Contains(_bench.All<AgentEvent.ReplicaChanged>(), changed => changed.Replica is { State: ReplicaState.Running, Health: ReplicaHealth.Starting });
    }

    [Fact]
    public void Unhealthy_after_the_gate_is_reported_and_left_to_the_coordinator()
    {
        var check = new HealthcheckSpec { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(1), Retries = 1 };
        _bench.Start(WithCheck(new FakeImage(Checked), check, monitor: TimeSpan.FromSeconds(1)));
        _bench.Advance(2);

        _bench.Engine.SetHealthy(_bench.Container().Id, false);
        _bench.Advance(3);

        Assert.Equal((ReplicaState.Running, ReplicaHealth.Unhealthy), (_bench.Known()!.State, _bench.Known()!.Health));
        Assert.False(_bench.Known()!.IsServing);
        Assert.True(_bench.Container().IsRunning);
    }
}
