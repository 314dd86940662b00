using System.Collections.Immutable;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Replicas;

public sealed class StartTests : IDisposable
{
    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Start_of_a_missing_image_pulls_creates_starts_and_passes_after_the_monitor_time()
    {
        _bench.Start(_bench.Spec());
        Assert.True(_bench.Container().IsRunning);
        Assert.Equal(new AgentEvent.ReplicaReady("start-1", AgentBench.Key()), _bench.One<AgentEvent.ReplicaReady>());
        Assert.Equal(ReplicaState.Starting, _bench.Known()!.State);

        _bench.Advance(4.9);
        Assert.Empty(_bench.All<AgentEvent.ReplicaPassed>());
        _bench.Advance(0.2);

        Assert.Equal(new AgentEvent.ReplicaPassed("start-1", AgentBench.Key()), _bench.One<AgentEvent.ReplicaPassed>());
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
        Assert.True(_bench.Known()!.IsServing);
        Assert.Equal("unless-stopped", _bench.Container().RestartPolicy.Name);
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
    }

    [Fact]
    public void Start_reports_its_phases_in_order_and_the_state_before_the_answer()
    {
        _bench.Passed(_bench.Spec());

        Assert.Equal(
            [ReplicaPhase.Pulling, ReplicaPhase.Creating, ReplicaPhase.Starting, ReplicaPhase.Gating, ReplicaPhase.Monitoring],
            _bench.All<AgentEvent.ReplicaProgressed>().Select(progressed => progressed.Phase).Distinct());
        var running = _bench.Heard.FindIndex(happened => happened is AgentEvent.ReplicaChanged { Replica.State: ReplicaState.Running });
        Assert.InRange(running, 0, _bench.Heard.FindIndex(happened => happened is AgentEvent.ReplicaPassed) - 1);
    }

    [Fact]
    public void Start_with_a_monitor_time_of_zero_passes_as_soon_as_it_is_ready()
    {
        _bench.Start(_bench.Spec(monitor: TimeSpan.Zero));

        _bench.One<AgentEvent.ReplicaPassed>();
    }

    [Fact]
    public void Start_repeated_under_the_same_id_makes_nothing_twice_and_answers_again()
    {
        var spec = _bench.Spec();
        _bench.Start(spec);
        _bench.Start(spec);
        _bench.Advance(6);
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.CreateContainerAsync)));
        Assert.Equal(2, _bench.All<AgentEvent.ReplicaReady>().Count());
        _bench.One<AgentEvent.ReplicaPassed>();

        _bench.Forget();
        _bench.Start(spec);

        _bench.One<AgentEvent.ReplicaReady>();
        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StartContainerAsync)));
    }

    [Fact]
    public void Start_repeated_under_another_id_answers_both()
    {
        var spec = _bench.Spec();
        _bench.Start(spec, "a");
        _bench.Advance(1);
        _bench.Start(spec, "b");
        _bench.Advance(5);

        Assert.Equal(["a", "b"], _bench.All<AgentEvent.ReplicaPassed>().Select(passed => passed.CommandId));
        Assert.Single(_bench.Engine.Containers);
    }

    [Fact]
    public void Start_finds_the_image_on_the_host_and_does_not_pull()
    {
        _bench.Engine.AddImage(new FakeImage("local:v1"));

        _bench.Start(_bench.Spec(image: "local:v1"));

        Assert.True(_bench.Container().IsRunning);
        Assert.Equal(0, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
    }

    [Fact]
    public void Pull_that_fails_temporarily_is_tried_again_with_growing_pauses()
    {
        _bench.Engine.FailNext(nameof(IEngine.PullImageAsync), times: 3);
        _bench.Start(_bench.Spec());
        _bench.Advance(6.9);
        Assert.Equal(3, _bench.CallsOf(nameof(IEngine.PullImageAsync)));

        _bench.Advance(6);

        Assert.Equal(4, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        _bench.One<AgentEvent.ReplicaPassed>();
        Assert.Contains(_bench.All<AgentEvent.ReplicaProgressed>(), progressed => progressed.Detail?.Contains("try 1 of 4 failed", StringComparison.Ordinal) == true);
    }

    [Fact]
    public void Pull_that_fails_temporarily_to_the_end_fails_the_replica_after_four_tries()
    {
        _bench.Engine.Registry.IsDown = true;
        _bench.Start(_bench.Spec());
        _bench.Advance(30);

        Assert.Equal(4, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        var report = _bench.Failure();
        Assert.Equal(ReplicaStage.Pull, report.Stage);
        Assert.Contains("after 4 tries", report.Message, StringComparison.Ordinal);
        Assert.Contains("connection refused", report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pull_of_an_image_that_does_not_exist_fails_at_once()
    {
        _bench.Start(_bench.Spec(image: "registry.test/web:nope"));

        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        Assert.Equal(ReplicaStage.Pull, _bench.Failure().Stage);
        Assert.Contains("manifest unknown", _bench.Failure().Message, StringComparison.Ordinal);
        Assert.Contains("push the image", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Image_that_may_not_be_pulled_and_is_missing_fails_without_asking_a_registry()
    {
        _bench.Start(_bench.Spec() with { MayPull = false });

        Assert.Equal(0, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        Assert.Contains("not on this host", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_repeats_its_report_when_the_command_is_repeated()
    {
        var spec = _bench.Spec(image: "registry.test/web:nope");
        _bench.Start(spec);
        var first = _bench.Failure();
        _bench.Forget();

        _bench.Start(spec);

        Assert.Equal(first, _bench.Failure());
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
    }

    [Fact]
    public void Replicas_that_wait_for_one_image_share_one_pull()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { Content = "slow", PullTakes = TimeSpan.FromSeconds(20) });
        var spec = _bench.Spec();
        _bench.Start(spec, "a");
        _bench.Start(spec, "b", AgentBench.Key(2));
        _bench.Advance(30);

        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        Assert.Equal(["a", "b"], _bench.All<AgentEvent.ReplicaPassed>().Select(passed => passed.CommandId).Order());
    }

    [Fact]
    public void Prepare_pulls_and_creates_nothing()
    {
        _bench.Send(new AgentCommand.PrepareReplica { CommandId = "p", Key = AgentBench.Key(), Spec = _bench.Spec() });

        _bench.One<AgentEvent.ReplicaPrepared>();
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.PullImageAsync)));
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Prepare_of_a_missing_image_fails_at_the_pull()
    {
        _bench.Send(new AgentCommand.PrepareReplica { CommandId = "p", Key = AgentBench.Key(), Spec = _bench.Spec(image: "registry.test/web:nope") });

        Assert.Equal(ReplicaStage.Pull, _bench.Failure().Stage);
    }

    [Fact]
    public void Command_that_is_not_in_the_image_fails_at_the_start_without_a_second_try()
    {
        _bench.Engine.Registry.Push(FakeImage.BadCommand("registry.test/bad:v1"));
        _bench.Start(_bench.Spec(image: "registry.test/bad:v1"));

        Assert.Equal(ReplicaStage.Start, _bench.Failure().Stage);
        Assert.Contains("executable file not found", _bench.Failure().Message, StringComparison.Ordinal);
        Assert.Equal(1, _bench.CallsOf(nameof(IEngine.StartContainerAsync)));
    }

    [Fact]
    public void Create_that_fails_temporarily_is_tried_again()
    {
        _bench.Engine.FailNext(nameof(IEngine.CreateContainerAsync), times: 2);

        _bench.Passed(_bench.Spec());

        Assert.Equal(3, _bench.CallsOf(nameof(IEngine.CreateContainerAsync)));
    }

    [Fact]
    public void Create_whose_answer_is_lost_uses_the_container_it_has_made()
    {
        _bench.Engine.FailNext(nameof(IEngine.CreateContainerAsync), afterEffect: true);

        _bench.Passed(_bench.Spec());

        Assert.Single(_bench.Engine.Containers);
    }

    [Fact]
    public void Start_whose_answer_is_lost_goes_on()
    {
        _bench.Engine.FailNext(nameof(IEngine.StartContainerAsync), afterEffect: true);

        _bench.Passed(_bench.Spec());
    }

    [Fact]
    public async Task Name_taken_by_a_foreign_container_is_left_alone_and_ours_gets_another()
    {
        _bench.Engine.AddImage(new FakeImage("other:v1"));
        await _bench.Engine.CreateContainerAsync(AgentBench.Key().ContainerName, new CreateContainer { Image = "other:v1" }, CancellationToken.None);

        _bench.Start(_bench.Spec());
        _bench.Advance(20);

        Assert.Contains(new AgentEvent.ReplicaPassed("start-1", AgentBench.Key()), _bench.Heard);
        Assert.Equal("other:v1", _bench.Container().Request.Image);
        Assert.Single(_bench.Engine.Containers, c => c.Name == AgentBench.Key().ContainerName + "-2" && c.IsRunning);
    }

    [Fact]
    public async Task Name_that_the_file_has_chosen_and_a_foreign_container_has_is_said()
    {
        _bench.Engine.AddImage(new FakeImage("other:v1"));
        await _bench.Engine.CreateContainerAsync("mine", new CreateContainer { Image = "other:v1" }, CancellationToken.None);

        _bench.Start(_bench.Spec(c => c with { ContainerName = "mine" }));

        Assert.Equal(ReplicaStage.Create, _bench.Failure().Stage);
        Assert.Contains("not ours", _bench.Failure().Message, StringComparison.Ordinal);
        Assert.Equal("other:v1", Assert.Single(_bench.Engine.Containers).Request.Image);
    }

    [Fact]
    public void Container_of_another_configuration_under_the_same_key_is_made_anew()
    {
        var first = _bench.Passed(_bench.Spec());
        _bench.Stop(retain: true);
        _bench.Forget();

        var second = _bench.Passed(_bench.Spec(hash: "hash-2"), "start-2");

        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal("hash-2", _bench.Known()!.ConfigHash);
    }

    [Fact]
    public void Chosen_name_is_given_up_by_the_kept_container_for_the_next_revision()
    {
        ContainerSpec Named(ContainerSpec container) => container with { ContainerName = "fixed" };
        var (old, next) = (AgentBench.Key(), AgentBench.Key(revision: "ddddeeeeffff"));
        _bench.Start(_bench.Spec(Named), "a", old);
        _bench.Advance(6);
        Assert.Equal("fixed", Assert.Single(_bench.Engine.Containers).Name);
        _bench.Stop(retain: true, key: old);
        Assert.Equal(old.ContainerName, Assert.Single(_bench.Engine.Containers).Name);

        _bench.Start(_bench.Spec(Named, hash: "hash-2"), "b", next);
        _bench.Advance(6);

        Assert.Equal(["a", "b"], _bench.All<AgentEvent.ReplicaPassed>().Select(passed => passed.CommandId));
        Assert.Equal(2, _bench.Engine.Containers.Count);

        _bench.Stop(retain: true, id: "stop-2", key: next);
        _bench.Start(_bench.Spec(Named), "c", old);
        _bench.Advance(6);
        Assert.Equal("fixed", _bench.Known(old)!.ContainerName);
        Assert.Equal(ReplicaState.Running, _bench.Known(old)!.State);
    }

    [Fact]
    public void Port_that_is_just_being_given_back_is_waited_for()
    {
        ContainerSpec Published(ContainerSpec container) => container with { Ports = [new PortSpec { Target = 80, Published = 8080 }] };
        var first = _bench.Passed(_bench.Spec(Published));
        _bench.Forget();
        _bench.Start(_bench.Spec(Published), "start-2", AgentBench.Key(2));
        _bench.Engine.EndProcess(first.Id, 0);
        _bench.Advance(0.05);
        _bench.Stop();
        _bench.Advance(10);

        Assert.Equal("start-2", _bench.One<AgentEvent.ReplicaPassed>().CommandId);
        Assert.Contains("0.0.0.0:8080->80/tcp", _bench.Known(AgentBench.Key(2))!.Ports);
    }

    [Fact]
    public void Port_that_stays_taken_fails_at_the_start()
    {
        ContainerSpec Published(ContainerSpec container) => container with { Ports = [new PortSpec { Target = 80, Published = 8080 }] };
        _bench.Passed(_bench.Spec(Published));
        _bench.Forget();
        _bench.Start(_bench.Spec(Published), "start-2", AgentBench.Key(2));
        _bench.Advance(30);

        Assert.Equal(ReplicaStage.Start, _bench.Failure().Stage);
        Assert.Contains("port is already allocated", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_that_never_comes_back_from_the_engine_fails_by_the_progress_deadline()
    {
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.StartContainerAsync)) { Delay = TimeSpan.FromHours(1) });
        _bench.Start(_bench.Spec(deadline: TimeSpan.FromSeconds(30)));
        _bench.Advance(31);

        Assert.Equal(ReplicaStage.Start, _bench.Failure().Stage);
        Assert.Contains("30 s", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RestartCondition.None, 0, "no", 0)]
    [InlineData(RestartCondition.OnFailure, 3, "on-failure", 3)]
    [InlineData(RestartCondition.Always, 0, "always", 0)]
    public void Passed_container_gets_the_restart_policy_of_its_specification(RestartCondition condition, int attempts, string policy, int retries)
    {
        var container = _bench.Passed(_bench.Spec(spec => spec with { Restart = new RestartSpec { Condition = condition, MaxAttempts = attempts } }));

        Assert.Equal(new RestartPolicy(policy, retries), container.RestartPolicy);
        Assert.Equal(ReplicaState.Running, _bench.Known()!.State);
    }

    [Fact]
    public void Labels_name_the_replica_for_us_and_for_the_ecosystem()
    {
        var container = _bench.Passed(_bench.Spec());

        var labels = container.Request.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal);
        Assert.Equal("shop", labels[ReplicaLabels.Stack]);
        Assert.Equal("start-1", labels[ReplicaLabels.Instance]);
        Assert.Equal("unless-stopped", labels[ReplicaLabels.Restart]);
        Assert.Equal("no", container.Request.RestartPolicy.Name);
        Assert.Equal("1", labels[ReplicaLabels.ComposeNumber]);
    }
}
