using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Traffic;

/// <summary>Who takes one stack's traffic: what every host shows once it has acknowledged <see cref="Version"/>.</summary>
public sealed record TrafficTable
{
    public required string Stack { get; init; }

    /// <summary>Grows with every change, over restarts of the coordinator too.</summary>
    public required long Version { get; init; }

    /// <summary>By name; ordinal.</summary>
    public ImmutableArray<ServiceTraffic> Services { get; init; } = [];

    /// <summary>True: the stack is gone, and with it everything shown for it.</summary>
    public bool IsRemoved { get; init; }
}

public sealed record ServiceTraffic
{
    public required string Service { get; init; }

    /// <summary>Listeners and policy, of the revision the stack is at or on its way to.</summary>
    public required TrafficSpec Spec { get; init; }

    /// <summary>Published ports of the specification that only former replicas have: where one is held by another program it is left out, and nobody is told.</summary>
    public ImmutableArray<int> FormerPorts { get; init; } = [];

    /// <summary>By slot, then host, then revision.</summary>
    public ImmutableArray<Endpoint> Endpoints { get; init; } = [];

    /// <summary>True: the maintenance page is answered, whatever the endpoints.</summary>
    public bool IsInMaintenance { get; init; }

    /// <summary>Aliases of the service by the engine name of a network; the service's own name is not among them.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Aliases { get; init; } = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;
}

public enum EndpointState
{
    /// <summary>Takes connections.</summary>
    Serving,

    /// <summary>Takes no new ones; open ones finish, until <see cref="Endpoint.DrainTimeout"/> has passed.</summary>
    Draining,
}

/// <summary>One replica that may be connected to.</summary>
public sealed record Endpoint
{
    /// <summary>The container's name and host: unique in the fleet. Letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and one <c>@</c> before the host.</summary>
    public required string Id { get; init; }

    public required ReplicaKey Replica { get; init; }

    public required string Host { get; init; }

    public EndpointState State { get; init; }

    /// <summary>Where ingresses connect: the address on the replica's primary network, or the host's own for <c>network_mode: host</c>.</summary>
    public required string Address { get; init; }

    /// <summary>By the engine name of a network.</summary>
    public ImmutableSortedDictionary<string, string> Addresses { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Published port → container port, as this replica's own revision has it: during a rollout old and new may differ. A listener that is not in it is not served by this replica.</summary>
    public ImmutableSortedDictionary<int, int> Ports { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>Container ports that this replica's own revision routes HTTP to. For hosts that know no <see cref="Routes"/> yet.</summary>
    public ImmutableArray<int> RoutePorts { get; init; } = [];

    /// <summary><see cref="RouteSpec.Key"/> → container port, as this replica's own revision has it: during a rollout old and new may differ.</summary>
    public ImmutableSortedDictionary<string, int> Routes { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>Where this replica takes the route's requests; null: it has no such route.</summary>
    public int? PortOf(RouteSpec route) =>
        Routes.TryGetValue(route.Key, out var own) ? own
        : Routes.IsEmpty && RoutePorts.Contains(route.Port) ? route.Port
        : null;

    /// <summary>How long open connections may take to end once it drains.</summary>
    public TimeSpan DrainTimeout { get; init; }

    /// <summary>As <see cref="ServiceTraffic.Endpoints"/> has them.</summary>
    public static ImmutableArray<Endpoint> Ordered(IEnumerable<Endpoint> endpoints) =>
        [.. endpoints.OrderBy(e => e.Replica.Slot).ThenBy(e => e.Host, StringComparer.Ordinal).ThenBy(e => e.Replica.Revision, StringComparer.Ordinal)];

    /// <summary>Equal by content.</summary>
    public bool IsSame(Endpoint other) =>
        this with { Addresses = other.Addresses, Ports = other.Ports, RoutePorts = other.RoutePorts, Routes = other.Routes } == other
        && Addresses.SequenceEqual(other.Addresses)
        && Ports.SequenceEqual(other.Ports)
        && RoutePorts.SequenceEqual(other.RoutePorts)
        && Routes.SequenceEqual(other.Routes);
}

/// <summary>A certificate with its key, on its way to a host that serves it; never written to a disk there.</summary>
/// <param name="Id">As in <see cref="CertificateSpec"/>.</param>
/// <param name="Pem">Chain, then key.</param>
public sealed record CertificateFile(string Id, string Pem)
{
    public override string ToString() => $"certificate {Id[..12]}";
}
