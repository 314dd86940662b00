using System.Collections.Immutable;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Names;

/// <summary>Traffic of the stack <c>shop</c> on the networks <c>shop_front</c> (10.128.0.0/18) and <c>shop_back</c> (10.128.64.0/18).</summary>
internal static class NameTraffic
{
    public const string Front = "shop_front";
    public const string Back = "shop_back";

    public static HostTraffic Of(params ServiceTraffic[] services) => new(HostTraffic.Empty.Stacks.Add("shop", new AgentCommand.ApplyTraffic
    {
        CommandId = "traffic",
        Table = new TrafficTable { Stack = "shop", Version = 1, Services = [.. services] },
        Overlays = [Slice(Front, "10.128.0", 0), Slice(Back, "10.128.64", 1)],
    }));

    public static ServiceTraffic Service(string name, params Endpoint[] endpoints) => new() { Service = name, Spec = new TrafficSpec(), Endpoints = [.. endpoints] };

    public static Endpoint Endpoint(string container, string? front = null, string? back = null, EndpointState state = EndpointState.Serving)
    {
        var addresses = ImmutableSortedDictionary<string, string>.Empty;
        if (front is not null) addresses = addresses.Add(Front, front);
        if (back is not null) addresses = addresses.Add(Back, back);
        return new Endpoint { Id = $"{container}@h1", Replica = AgentBench.Key(), Host = "h1", Address = front ?? back ?? "", Addresses = addresses, State = state };
    }

    private static OverlaySlice Slice(string name, string start, int number) => new()
    {
        EngineName = name,
        Key = name["shop_".Length..],
        Network = new NetworkSpec { EngineName = name },
        Vni = number + 1,
        Subnet = $"{start}.0/18",
        Range = $"{start}.0/25",
        Gateway = $"{start}.1",
    };
}
