using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Networks;

public sealed class NetworksTests : IDisposable
{
    private readonly AgentBench _bench = new AgentBench().Connected();
    private long _version;

    public void Dispose() => _bench.Dispose();

    private ReplicaSpec Joined(NetworkSpec network)
    {
        var spec = _bench.Spec(container => container with { Networks = [new NetworkAttachmentSpec { Network = "default", EngineName = network.EngineName }] });
        return spec with { Networks = spec.Networks.Add("default", network) };
    }

    [Fact]
    public async Task Network_is_made_once_with_composes_labels_however_many_replicas_want_it()
    {
        _bench.Engine.Latency = TimeSpan.FromMilliseconds(5);
        var spec = Joined(new NetworkSpec { EngineName = "shop_default", Labels = NoLabels.Add("own", "1") });
        for (var slot = 1; slot <= 5; slot++) _bench.Start(spec, $"start-{slot}", AgentBench.Key(slot));
        _bench.Advance(10);

        Assert.Equal(5, _bench.All<AgentEvent.ReplicaPassed>().Count());

        // Once for the subnet that the engine chooses, once with it.
        Assert.Equal(2, _bench.CallsOf(nameof(IEngine.CreateNetworkAsync)));
        _bench.Engine.Latency = TimeSpan.Zero;
        var network = await _bench.Engine.InspectNetworkAsync("shop_default", CancellationToken.None);
        Assert.Equal(("shop", "default", "1"), (network.Labels[ReplicaLabels.ComposeProject], network.Labels[ReplicaLabels.ComposeNetwork], network.Labels["own"]));
    }

    [Fact]
    public void Network_that_another_program_makes_in_between_is_used()
    {
        _bench.Engine.FailNext(nameof(IEngine.CreateNetworkAsync), EngineErrorKind.Conflict, afterEffect: true);

        _bench.Passed(Joined(new NetworkSpec { EngineName = "shop_default" }));
    }

    [Fact]
    public void Network_that_cannot_be_made_at_first_is_tried_again()
    {
        _bench.Engine.FailNext(nameof(IEngine.CreateNetworkAsync), times: 2);

        _bench.Passed(Joined(new NetworkSpec { EngineName = "shop_default" }));
    }

    [Fact]
    public void Network_whose_addresses_overlap_fails_with_the_engines_words()
    {
        _bench.Engine.FailNext(nameof(IEngine.CreateNetworkAsync), EngineErrorKind.Conflict);
        _bench.Start(Joined(new NetworkSpec { EngineName = "shop_default" }));

        Assert.Equal((ReplicaStage.Create, "injected failure"), (_bench.Failure().Stage, _bench.Failure().Message));
    }

    [Fact]
    public void External_network_that_is_missing_is_named_with_the_command_that_makes_it()
    {
        _bench.Start(Joined(new NetworkSpec { EngineName = "proxy", External = true }));

        Assert.Equal(ReplicaStage.Create, _bench.Failure().Stage);
        Assert.Contains("docker network create proxy", _bench.Failure().Message, StringComparison.Ordinal);
        Assert.Equal(0, _bench.CallsOf(nameof(IEngine.CreateNetworkAsync)));
    }

    [Fact]
    public void External_volume_that_is_missing_is_named_with_the_command_that_makes_it()
    {
        var spec = _bench.Spec();
        _bench.Start(spec with { Volumes = spec.Volumes.Add("data", new VolumeSpec { EngineName = "data", External = true }) });

        Assert.Contains("docker volume create data", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volume_is_made_with_its_options_and_composes_labels()
    {
        var spec = _bench.Spec();
        _bench.Passed(spec with { Volumes = spec.Volumes.Add("data", new VolumeSpec { EngineName = "shop_data", DriverOptions = NoLabels.Add("type", "tmpfs") }) });

        var volume = await _bench.Engine.InspectVolumeAsync("shop_data", CancellationToken.None);
        Assert.Equal(("shop", "data", "tmpfs"), (volume.Labels[ReplicaLabels.ComposeProject], volume.Labels[ReplicaLabels.ComposeVolume], volume.Options["type"]));
    }

    private static System.Collections.Immutable.ImmutableSortedDictionary<string, string> NoLabels => System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty;

    [Fact]
    public void Network_that_the_file_has_no_longer_goes_with_the_last_container_that_has_it()
    {
        var (dropped, kept) = (new NetworkSpec { EngineName = "shop_dropped" }, new NetworkSpec { EngineName = "shop_kept" });
        _bench.Passed(Joined(dropped));
        _bench.Passed(Joined(kept), "start-2", AgentBench.Key(2));
        Keep("shop_dropped", "shop_kept");
        _bench.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["shop_dropped", "shop_kept"], Made());

        // Of a replica that is kept to go back to, too.
        Keep("shop_kept");
        _bench.Stop(retain: true);
        _bench.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["shop_dropped", "shop_kept"], Made());

        _bench.Stop(id: "stop-2");
        _bench.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(["shop_kept"], Made());
    }

    [Fact]
    public void Network_that_a_replica_has_just_asked_for_stays_although_no_file_has_it()
    {
        Keep();
        _bench.Passed(Joined(new NetworkSpec { EngineName = "shop_default" }));
        _bench.Stop();
        _bench.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["shop_default"], Made());

        Keep();
        _bench.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(Made());
    }

    [Fact]
    public async Task Network_of_another_stack_or_of_nobody_stays()
    {
        await _bench.Engine.CreateNetworkAsync(new CreateNetwork { Name = "own" }, CancellationToken.None);
        await _bench.Engine.CreateNetworkAsync(new CreateNetwork { Name = "other_default", Labels = NoLabels.Add(ReplicaLabels.Stack, "other") }, CancellationToken.None);
        Keep();
        _bench.Advance(TimeSpan.FromHours(1));

        Assert.Equal(["other_default", "own"], Made());
    }

    private void Keep(params string[] networks) => _bench.Send(new AgentCommand.ApplyTraffic
    {
        CommandId = "traffic/shop",
        Table = new Orchestrator.Traffic.TrafficTable { Stack = "shop", Version = ++_version },
        Networks = [.. networks],
    });

    private string[] Made() => [.. _bench.Networks().Select(network => network.Name).Except(["bridge", "host", "none"]).Order(StringComparer.Ordinal)];
}
