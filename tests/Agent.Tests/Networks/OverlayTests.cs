using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Traffic;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Networks;

public sealed class OverlayTests : IDisposable
{
    private const string Network = "shop_default";

    private static readonly OverlaySlice Slice = new()
    {
        EngineName = Network,
        Key = "default",
        Network = new NetworkSpec { EngineName = Network },
        Vni = 7,
        Subnet = "10.128.0.0/18",
        Range = "10.128.0.0/25",
        Gateway = "10.128.0.1",
        Resolvers = ["10.128.0.1", "10.128.0.129"],
    };

    private static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary<string, string>.Empty;

    private readonly AgentBench _bench = new AgentBench(isFleet: true).Connected();
    private readonly List<object> _told = [];
    private readonly string _device = OverlayLink.DeviceOf(Network);

    public void Dispose() => _bench.Dispose();

    private FakeLinkCommands.Device Device => _bench.Links.Devices[_device];

    private ReplicaSpec Joined(Func<ContainerSpec, ContainerSpec>? change = null)
    {
        var spec = _bench.Spec(container =>
        {
            var joined = container with { Networks = [new NetworkAttachmentSpec { Network = "default", EngineName = Network, Aliases = ["shop-front"] }] };
            return change?.Invoke(joined) ?? joined;
        });
        return spec with { Networks = spec.Networks.Add("default", Slice.Network), Overlays = spec.Overlays.Add("default", Slice) };
    }

    private static HostTraffic Traffic(bool isRemoved = false, params string[] peers) => new(HostTraffic.Empty.Stacks.Add("shop", new AgentCommand.ApplyTraffic
    {
        CommandId = "traffic",
        Table = new TrafficTable { Stack = "shop", Version = 1, IsRemoved = isRemoved },
        Overlays = isRemoved ? [] : [Slice],
        // The list is that of all hosts: this one is no peer of its own.
        Peers = [.. peers.Select((address, number) => new OverlayPeer(Network, $"h{number + 2}", address, $"10.128.{number + 1}.1")), new OverlayPeer(Network, "h1", "10.77.0.1", Slice.Gateway)],
    }));

    private IActorRef Sink()
    {
        var networks = _bench.Child("networks");
        return _bench.StartActor(Props.Create(() => new OverlayActor(networks, NullLogger.Instance)));
    }

    private void Apply(IActorRef sink, long number, HostTraffic traffic)
    {
        sink.Tell(new SinkMessage.Apply(number, traffic), _bench.Listener(_told));
        _bench.Settle();
    }

    [Fact]
    public async Task Network_is_a_bridge_with_this_hosts_part_joined_by_a_device()
    {
        _bench.Passed(Joined());

        var network = await _bench.Engine.InspectNetworkAsync(Network, CancellationToken.None);
        Assert.Equal(("10.128.0.0/18", "10.128.0.0/25", "10.128.0.1"), (network.Subnet, network.IpRange, network.Gateway));
        Assert.Equal("1450", network.Options["com.docker.network.driver.mtu"]);
        Assert.Equal("7", network.Labels["orchestrator.overlay.vni"]);
        var bridge = network.Options["com.docker.network.bridge.name"];
        Assert.InRange(bridge.Length, 4, 15);
        Assert.Equal((bridge, 7, 7789, 1450, true, "10.77.0.1"), (Device.Master, Device.Vni, Device.Port, Device.Mtu, Device.IsUp, Device.Local));
    }

    [Fact]
    public void Container_has_an_address_of_this_hosts_part_asks_our_name_servers_first_and_tells_the_engine_no_alias()
    {
        _bench.Passed(Joined(container => container with { Dns = ["9.9.9.9"] }));

        var request = _bench.Container().Request;
        var endpoint = Assert.Single(request.Networks);
        Assert.Equal("10.128.0.64", endpoint.Settings.Ipv4Address);
        Assert.Equal([AgentBench.Key().ContainerName], endpoint.Settings.Aliases);
        Assert.Equal(["10.128.0.1", "10.128.0.129", "9.9.9.9"], request.Dns);
        Assert.Equal("10.128.0.64", _bench.Known()!.Addresses[Network]);
    }

    [Fact]
    public void Sink_joins_a_host_without_replicas_and_keeps_the_peers_equal()
    {
        var sink = Sink();
        Apply(sink, 1, Traffic(peers: ["10.77.0.2", "10.77.0.3"]));
        Assert.Contains(new SinkMessage.Applied("networks", 1), _told);
        Assert.Equal(["10.77.0.2", "10.77.0.3"], Device.Peers);

        Apply(sink, 2, Traffic(peers: ["10.77.0.3", "10.77.0.4"]));
        Assert.Equal(["10.77.0.3", "10.77.0.4"], Device.Peers);

        _bench.Links.Changes.Clear();
        Apply(sink, 3, Traffic(peers: ["10.77.0.4", "10.77.0.3"]));
        Assert.Contains(new SinkMessage.Applied("networks", 3), _told);
        Assert.Empty(_bench.Links.Changes);
    }

    [Fact]
    public void Device_that_lost_its_bridge_or_itself_is_made_good_within_ten_seconds()
    {
        Apply(Sink(), 1, Traffic(peers: ["10.77.0.2"]));
        var bridge = Device.Master;
        Device.Master = null;
        _bench.Advance(10);
        Assert.Equal(bridge, Device.Master);

        _bench.Links.Devices.Remove(_device);
        _bench.Advance(10);
        Assert.Equal((bridge, 1), (Device.Master, Device.Peers.Count));
    }

    [Fact]
    public async Task Network_that_somebody_removed_is_made_again()
    {
        Apply(Sink(), 1, Traffic(peers: ["10.77.0.2"]));
        await _bench.Engine.RemoveNetworkAsync(Network, CancellationToken.None);
        _bench.Advance(10);

        Assert.Equal("10.128.0.0/25", (await _bench.Engine.InspectNetworkAsync(Network, CancellationToken.None)).IpRange);
    }

    [Fact]
    public void Agent_that_restarts_takes_over_what_is_there()
    {
        var container = _bench.Passed(Joined());
        _bench.RestartAgent();
        _bench.Links.Changes.Clear();
        Apply(Sink(), 1, Traffic(peers: ["10.77.0.2"]));

        Assert.Equal([$"bridge fdb append 00:00:00:00:00:00 dev {_device} dst 10.77.0.2"], _bench.Links.Changes);
        Assert.True(container.IsRunning);
    }

    [Fact]
    public void Removed_stack_takes_its_network_and_device_along()
    {
        var sink = Sink();
        Apply(sink, 1, Traffic());
        Apply(sink, 2, Traffic(isRemoved: true));

        Assert.Contains(new SinkMessage.Applied("networks", 2), _told);
        Assert.Empty(_bench.Links.Devices);
        Assert.DoesNotContain(_bench.Networks(), n => n.Name == Network);
    }

    [Fact]
    public void Removal_of_a_stack_takes_the_device_too()
    {
        _bench.Passed(Joined());
        _bench.Send(new AgentCommand.RemoveStack { CommandId = "remove", Stack = "shop", Networks = [Network] });
        _bench.Advance(15);

        Assert.Null(_bench.One<AgentEvent.StackRemoved>().Error);
        Assert.Empty(_bench.Links.Devices);
    }

    [Fact]
    public void Agent_without_the_right_to_change_devices_says_so_and_tries_again()
    {
        _bench.Links.Refusal = "RTNETLINK answers: Operation not permitted";
        Apply(Sink(), 1, Traffic(peers: ["10.77.0.2"]));
        var hindered = Assert.Single(_told.OfType<SinkMessage.Hindered>());
        Assert.Contains("CAP_NET_ADMIN", hindered.Problem.Message, StringComparison.Ordinal);

        _bench.Links.Refusal = null;
        _bench.Advance(2);
        Assert.Contains(new SinkMessage.Applied("networks", 1), _told);
    }

    [Fact]
    public void Host_without_the_programs_fails_a_replica_with_what_to_install()
    {
        _bench.Links.IsMissing = true;
        _bench.Start(Joined());

        Assert.Contains("the program 'ip' does not start here", _bench.Failure().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Draining_endpoints_have_nothing_open_in_a_network()
    {
        var endpoint = new Endpoint { Id = "shop-web-1@h1", Replica = AgentBench.Key(), Host = "h1", Address = "10.128.0.64", State = EndpointState.Draining };
        var traffic = Traffic();
        var applied = traffic.Stacks["shop"];
        var table = applied.Table with { Services = [new ServiceTraffic { Service = "web", Spec = new TrafficSpec(), Endpoints = [endpoint, endpoint with { Id = "other@h1", State = EndpointState.Serving }] }] };
        Apply(Sink(), 1, new HostTraffic(traffic.Stacks.SetItem("shop", applied with { Table = table })));

        Assert.Equal(["shop-web-1@h1"], Assert.Single(_told.OfType<SinkMessage.Drained>()).Endpoints);
    }

    [Fact]
    public async Task Former_network_gives_way_while_no_container_runs_on_it_and_not_before()
    {
        await _bench.Engine.CreateNetworkAsync(new CreateNetwork { Name = Network, Labels = None }, CancellationToken.None);
        var user = await _bench.Engine.CreateContainerAsync("user", new CreateContainer { Image = await PulledAsync(), Networks = [new NetworkEndpoint(Network, new EndpointSettings())] }, CancellationToken.None);
        await _bench.Engine.StartContainerAsync(user, CancellationToken.None);
        _bench.Start(Joined());
        Assert.Contains("1 containers use it", _bench.Failure().Message, StringComparison.Ordinal);

        await _bench.Engine.RemoveContainerAsync(user, force: true, volumes: false, CancellationToken.None);
        _bench.Forget();
        _bench.Passed(Joined(), "start-2");
    }

    private async Task<string> PulledAsync()
    {
        await _bench.Engine.PullImageAsync(AgentBench.Image, null, null, CancellationToken.None);
        return AgentBench.Image;
    }
}
