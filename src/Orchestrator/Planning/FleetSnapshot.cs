using System.Collections.Immutable;
using Orchestrator.Protocol;

namespace Orchestrator.Planning;

public enum HostState
{
    /// <summary>Known from an earlier run and not heard of yet.</summary>
    Unknown,

    /// <summary>Connected, its inventory is in.</summary>
    Ready,

    /// <summary>Its link is gone, its deadline has not passed.</summary>
    Disconnected,

    /// <summary>Its deadline has passed: its replicas count as lost.</summary>
    Down,
}

/// <summary>What the fleet looked like at one moment; all a plan knows of the world.</summary>
public sealed record FleetSnapshot(ImmutableSortedDictionary<string, HostSnapshot> Hosts)
{
    public static FleetSnapshot Empty { get; } = new(ImmutableSortedDictionary.Create<string, HostSnapshot>(StringComparer.Ordinal));

    public FleetSnapshot With(HostSnapshot host) => new(Hosts.SetItem(host.Name, host));

    /// <summary>Replicas of a stack on hosts that are not down.</summary>
    public IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> Replicas(string stack) =>
        from host in Hosts.Values
        where host.State != HostState.Down
        from replica in host.Replicas.Values
        where replica.Key.Stack == stack
        select (host, replica);
}

public sealed record HostSnapshot
{
    public required string Name { get; init; }

    public HostState State { get; init; }

    /// <summary>Null until the host has been heard of.</summary>
    public HostFacts? Facts { get; init; }

    public ImmutableSortedDictionary<string, ReplicaSnapshot> Replicas { get; init; } = ImmutableSortedDictionary.Create<string, ReplicaSnapshot>(StringComparer.Ordinal);

    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>May be given new replicas.</summary>
    public bool IsSchedulable => State == HostState.Ready && Facts?.EngineError is null;
}
