using System.Collections.Immutable;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Ingress;

internal static class TestTraffic
{
    public static HostTraffic Of(params (string Stack, ServiceTraffic Service)[] services) => new(services
        .GroupBy(pair => pair.Stack, StringComparer.Ordinal)
        .ToImmutableSortedDictionary(
            stack => stack.Key,
            stack => new AgentCommand.ApplyTraffic { CommandId = "1", Table = new TrafficTable { Stack = stack.Key, Version = 1, Services = [.. stack.Select(pair => pair.Service)] } },
            StringComparer.Ordinal));

    public static ServiceTraffic Service(TrafficSpec spec, params Endpoint[] endpoints) => new() { Service = "web", Spec = spec, Endpoints = [.. endpoints] };

    public static IngressPortSpec Port(int published, PortApplication application = PortApplication.Auto, int target = 80) => new() { Published = published, Target = target, Application = application };

    /// <param name="port">Where the replica listens, for whatever is published or routed.</param>
    public static Endpoint Endpoint(string name, int port, params int[] published) => new()
    {
        Id = $"{name}@host",
        Replica = new ReplicaKey("shop", "web", 1, "0123456789ab"),
        Host = "host",
        Address = "127.0.0.1",
        Ports = published.ToImmutableSortedDictionary(number => number, _ => port),
        RoutePorts = [port],
        DrainTimeout = TimeSpan.FromSeconds(60),
    };

    public static Endpoint Draining(this Endpoint endpoint, TimeSpan? timeout = null) => endpoint with { State = EndpointState.Draining, DrainTimeout = timeout ?? endpoint.DrainTimeout };
}
