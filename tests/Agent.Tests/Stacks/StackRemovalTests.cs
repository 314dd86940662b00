using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Stacks;

public sealed class StackRemovalTests : IDisposable
{
    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    private ReplicaSpec Joined()
    {
        var spec = _bench.Spec(container => container with { Networks = [new NetworkAttachmentSpec { Network = "default", EngineName = "shop_default" }] });
        return spec with
        {
            Networks = spec.Networks.Add("default", new NetworkSpec { EngineName = "shop_default" }),
            Volumes = spec.Volumes.Add("data", new VolumeSpec { EngineName = "shop_data" }),
        };
    }

    private void Remove(params string[] volumes) => _bench.Send(new AgentCommand.RemoveStack { CommandId = "rm", Stack = "shop", Networks = ["shop_default"], Volumes = [.. volumes] });

    [Fact]
    public async Task Removal_takes_running_kept_and_failed_containers_and_the_network_and_leaves_volumes()
    {
        _bench.Passed(Joined());
        _bench.Passed(Joined(), "start-2", AgentBench.Key(2));
        _bench.Stop(retain: true, key: AgentBench.Key(2));
        _bench.Forget();

        Remove();
        _bench.Advance(1);

        Assert.Null(_bench.One<AgentEvent.StackRemoved>().Error);
        Assert.Empty(_bench.Engine.Containers);
        Assert.Empty(_bench.All<AgentEvent.ReplicaStopped>());
        Assert.Equal(2, _bench.All<AgentEvent.ReplicaGone>().Count());
        await Assert.ThrowsAsync<EngineException>(() => _bench.Engine.InspectNetworkAsync("shop_default", CancellationToken.None));
        await _bench.Engine.InspectVolumeAsync("shop_data", CancellationToken.None);
    }

    [Fact]
    public async Task Removal_takes_the_volumes_it_is_told()
    {
        _bench.Passed(Joined());

        Remove("shop_data");
        _bench.Advance(1);

        await Assert.ThrowsAsync<EngineException>(() => _bench.Engine.InspectVolumeAsync("shop_data", CancellationToken.None));
    }

    [Fact]
    public void Removal_leaves_other_stacks_alone()
    {
        var other = new ReplicaKey("other", "web", 1, "aaaabbbbcccc");
        _bench.Passed(_bench.Spec(), key: other);

        Remove();

        Assert.Single(_bench.Engine.Containers);
    }

    [Fact]
    public void Removal_ends_a_start_that_is_still_pulling()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { PullTakes = TimeSpan.FromMinutes(5) });
        _bench.Start(_bench.Spec());

        Remove();
        _bench.Advance(600);

        _bench.One<AgentEvent.StackRemoved>();
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Removal_of_what_is_not_there_is_done()
    {
        Remove();

        Assert.Null(_bench.One<AgentEvent.StackRemoved>().Error);
    }

    [Fact]
    public void Removal_repeated_while_under_way_answers()
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { StopTakes = TimeSpan.FromSeconds(3) });
        _bench.Passed(_bench.Spec());
        Remove();
        Remove();
        _bench.Advance(5);

        _bench.One<AgentEvent.StackRemoved>();
        Remove();
        Assert.Equal(2, _bench.All<AgentEvent.StackRemoved>().Count());
    }

    [Fact]
    public void Network_that_somebody_else_uses_is_said_and_left()
    {
        _bench.Passed(Joined());
        _bench.Engine.FailNext(nameof(IEngine.RemoveNetworkAsync), EngineErrorKind.Conflict, times: 100);

        Remove();
        _bench.Advance(10);

        Assert.Contains("shop is not wholly removed: injected failure", _bench.One<AgentEvent.StackRemoved>().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Container_that_cannot_be_stopped_is_said_by_name()
    {
        _bench.Passed(_bench.Spec());
        _bench.Engine.FailNext(nameof(IEngine.StopContainerAsync));
        _bench.Engine.FailNext(nameof(IEngine.KillContainerAsync));

        Remove();
        _bench.Advance(60);

        Assert.Contains("shop/web.1@aaaabbbb", _bench.One<AgentEvent.StackRemoved>().Error, StringComparison.Ordinal);
    }
}
