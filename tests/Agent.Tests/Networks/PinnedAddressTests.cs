using System.Collections.Immutable;
using Orchestrator.Agent.Networks;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Networks;

/// <summary>On one host, without a fleet: a container keeps its address over the engine's restarts of it.</summary>
public sealed class PinnedAddressTests : IDisposable
{
    private const string Network = "shop_default";

    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    private ReplicaSpec Joined(NetworkSpec? network = null, string? own = null, string hash = "hash-1")
    {
        network ??= new NetworkSpec { EngineName = Network };
        var spec = _bench.Spec(container => container with { Networks = [new NetworkAttachmentSpec { Network = "default", EngineName = network.EngineName, Ipv4Address = own }] }, hash: hash);
        return spec with { Networks = spec.Networks.Add("default", network) };
    }

    private static string? AddressOf(FakeContainer container) => Assert.Single(container.Request.Networks).Settings.Ipv4Address;

    [Fact]
    public void Replicas_that_start_together_get_addresses_of_their_own()
    {
        _bench.Engine.Latency = TimeSpan.FromMilliseconds(5);
        for (var slot = 1; slot <= 8; slot++) _bench.Start(Joined(), $"start-{slot}", AgentBench.Key(slot));
        _bench.Advance(10);

        Assert.Equal(8, _bench.All<AgentEvent.ReplicaPassed>().Count());
        Assert.Equal(8, _bench.Engine.Containers.Select(AddressOf).OfType<string>().Distinct().Count());
    }

    [Fact]
    public void Crash_that_the_engine_heals_changes_no_address()
    {
        var container = _bench.Passed(Joined());
        var before = _bench.Known()!.Addresses[Network];
        _bench.Engine.EndProcess(container.Id, 1);
        _bench.Advance(2);

        Assert.Equal(before, _bench.Known()!.Addresses[Network]);
        Assert.Equal(before, AddressOf(container));
    }

    [Fact]
    public void Stopped_container_keeps_its_address_from_the_next_one()
    {
        var first = _bench.Passed(Joined());
        _bench.Stop(retain: true);
        _bench.Advance(15);
        var second = _bench.Passed(Joined(hash: "hash-2"), "start-2", AgentBench.Key(revision: "ddddeeeeffff"));

        Assert.NotEqual(AddressOf(first), AddressOf(second));
    }

    [Fact]
    public void Address_that_the_engine_has_given_away_is_replaced_by_another()
    {
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.StartContainerAsync)) { Error = new EngineException(EngineErrorKind.Conflict, 403, "POST", "/start", "Address already in use", "fake") });
        var container = _bench.Passed(Joined());

        Assert.EndsWith(".129", AddressOf(container), StringComparison.Ordinal);
    }

    [Fact]
    public void Container_whose_network_was_made_anew_before_its_start_is_made_anew_too()
    {
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.StartContainerAsync)) { Error = new EngineException(EngineErrorKind.NotFound, 404, "POST", "/start", "network shop_default not found", "fake") });

        Assert.True(_bench.Passed(Joined()).IsRunning);
    }

    [Fact]
    public void Engine_that_refuses_every_address_fails_the_replica_in_its_words()
    {
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.StartContainerAsync)) { Error = new EngineException(EngineErrorKind.Conflict, 403, "POST", "/start", "Address already in use", "fake"), Times = 50 });
        _bench.Start(Joined());
        _bench.Advance(60);

        Assert.Contains("Address already in use", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Own_address_of_the_file_wins()
    {
        var network = new NetworkSpec { EngineName = Network, Subnet = "172.30.0.0/24" };

        Assert.Equal("172.30.0.9", AddressOf(_bench.Passed(Joined(network, own: "172.30.0.9"))));
    }

    [Fact]
    public async Task Network_that_we_did_not_make_leaves_the_address_to_the_engine()
    {
        await _bench.Engine.CreateNetworkAsync(new CreateNetwork { Name = Network }, CancellationToken.None);

        Assert.Null(AddressOf(_bench.Passed(Joined())));
    }

    [Fact]
    public void Stopped_replica_reports_no_address()
    {
        _bench.Passed(Joined());
        Assert.NotEmpty(_bench.Known()!.Addresses);
        _bench.Stop(retain: true);
        _bench.Advance(15);

        Assert.Empty(_bench.Known()!.Addresses);
    }

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.0.0/24", "10.0.0.128")]
    [InlineData("10.128.0.0/18", "10.128.0.128/25", "10.128.0.192")]
    [InlineData("10.0.0.0/30", "10.0.0.0/30", "10.0.0.2")]
    public void First_address_is_the_lowest_of_the_upper_half(string subnet, string range, string expected) =>
        Assert.Equal(expected, AddressChoice.Next(subnet, range, ImmutableHashSet<string>.Empty));

    [Fact]
    public void Every_address_of_a_range_but_the_reserved_is_given_once_and_then_none()
    {
        var taken = new HashSet<string> { "10.0.0.1" };
        while (AddressChoice.Next("10.0.0.0/24", "10.0.0.0/27", taken) is { } address) Assert.True(taken.Add(address), address);

        Assert.Equal(Enumerable.Range(1, 30).Select(n => $"10.0.0.{n}").Order(), taken.Order());
    }
}
