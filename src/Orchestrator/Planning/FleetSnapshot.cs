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
public sealed class FleetSnapshot
{
    private static readonly ImmutableSortedSet<string> NoHosts = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Where a stack is, and how it is there: what a stack costs does not grow with the fleet around it.</summary>
    private readonly ImmutableDictionary<string, Presence> presences;

    private readonly int unknown;

    public FleetSnapshot(ImmutableSortedDictionary<string, HostSnapshot> hosts)
        : this(
            hosts,
            hosts.Values
                .SelectMany(h => StacksOf(h).Select(s => (Stack: s, Host: h.Name)))
                .GroupBy(p => p.Stack, p => p.Host, StringComparer.Ordinal)
                .ToImmutableDictionary(g => g.Key, g => new Presence(g.ToImmutableSortedSet(StringComparer.Ordinal)), StringComparer.Ordinal),
            hosts.ToImmutableSortedDictionary(h => h.Key, h => h.Value.Facts?.Address, StringComparer.Ordinal),
            hosts.ToImmutableSortedDictionary(h => h.Key, h => StandingOf(h.Value), StringComparer.Ordinal),
            hosts.Values.Count(h => h.State == HostState.Unknown))
    {
    }

    private FleetSnapshot(ImmutableSortedDictionary<string, HostSnapshot> hosts, ImmutableDictionary<string, Presence> presences, ImmutableSortedDictionary<string, string?> addresses, ImmutableSortedDictionary<string, HostStanding> standings, int unknown)
    {
        Hosts = hosts;
        this.presences = presences;
        Addresses = addresses;
        Standings = standings;
        this.unknown = unknown;
    }

    public static FleetSnapshot Empty { get; } = new(ImmutableSortedDictionary.Create<string, HostSnapshot>(StringComparer.Ordinal));

    public ImmutableSortedDictionary<string, HostSnapshot> Hosts { get; }

    /// <summary>Of all hosts; null where none is known. The very same object as long as neither a host nor an address is another.</summary>
    public ImmutableSortedDictionary<string, string?> Addresses { get; }

    /// <summary>Of all hosts. The very same object as long as none of it is another, which it is not when only replicas have changed.</summary>
    public ImmutableSortedDictionary<string, HostStanding> Standings { get; }

    /// <summary>No host is <see cref="HostState.Unknown"/>.</summary>
    public bool IsHeard => unknown == 0;

    /// <summary>Which hosts have containers of the stack, also where they are down. The very same object as long as they are the same ones.</summary>
    public ImmutableSortedSet<string> HostsOf(string stack) => presences.GetValueOrDefault(stack)?.Hosts ?? NoHosts;

    /// <summary>The very same object as long as the stack's replicas are what they were, on hosts that are what they were; null: it has none.</summary>
    public object? PresenceOf(string stack) => presences.GetValueOrDefault(stack);

    public FleetSnapshot With(HostSnapshot host)
    {
        var known = Hosts.GetValueOrDefault(host.Name);
        var (before, after) = (StacksOf(known), StacksOf(host));
        var index = presences;
        foreach (var gone in before.Where(s => !after.Contains(s)))
        {
            var left = index[gone].Hosts.Remove(host.Name);
            index = left.IsEmpty ? index.Remove(gone) : index.SetItem(gone, new Presence(left));
        }
        after.IntersectWith(known is not null && IsSame(known, host) ? Differing(known.Replicas, host.Replicas) : after);
        foreach (var stack in after)
        {
            index = index.SetItem(stack, new Presence((index.GetValueOrDefault(stack)?.Hosts ?? NoHosts).Add(host.Name)));
        }
        var stillUnknown = unknown - (known?.State == HostState.Unknown ? 1 : 0) + (host.State == HostState.Unknown ? 1 : 0);
        return new FleetSnapshot(Hosts.SetItem(host.Name, host), index, Addresses.SetItem(host.Name, host.Facts?.Address), Standings.SetItem(host.Name, StandingOf(host)), stillUnknown);
    }

    /// <summary>As it would be without these.</summary>
    public FleetSnapshot Without(IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> gone) => gone
        .ToLookup(r => r.Host.Name, r => r.Replica.ContainerName)
        .Aggregate(this, (left, names) => left.With(left.Hosts[names.Key] with { Replicas = left.Hosts[names.Key].Replicas.RemoveRange(names) }));

    /// <summary>Replicas of a stack on hosts that are not down.</summary>
    public IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> Replicas(string stack) => Of(stack, isDown: false);

    /// <summary>What hosts that are down had of a stack when they were last heard of.</summary>
    public IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> Lost(string stack) => Of(stack, isDown: true);

    private IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> Of(string stack, bool isDown) =>
        from name in HostsOf(stack)
        let host = Hosts[name]
        where host.State == HostState.Down == isDown
        from replica in host.Replicas.Values
        where replica.Key.Stack == stack
        select (host, replica);

    /// <summary>In all that its replicas are judged by.</summary>
    private static bool IsSame(HostSnapshot before, HostSnapshot after) =>
        before.State == after.State && (ReferenceEquals(before.Facts, after.Facts) || after.Facts?.IsSame(before.Facts) == true);

    /// <summary>Stacks that have another replica there than before, one more, or one less.</summary>
    private static IEnumerable<string> Differing(ImmutableSortedDictionary<string, ReplicaSnapshot> before, ImmutableSortedDictionary<string, ReplicaSnapshot> after) =>
        ReferenceEquals(before, after) ? [] : [.. StacksNotIn(before, after), .. StacksNotIn(after, before)];

    private static IEnumerable<string> StacksNotIn(ImmutableSortedDictionary<string, ReplicaSnapshot> other, ImmutableSortedDictionary<string, ReplicaSnapshot> replicas) =>
        replicas.Where(r => !ReferenceEquals(other.GetValueOrDefault(r.Key), r.Value)).Select(r => r.Value.Key.Stack);

    private static HostStanding StandingOf(HostSnapshot host) => new(host.State, host.Facts?.ShowsEveryTable ?? true);

    private static HashSet<string> StacksOf(HostSnapshot? host)
    {
        var stacks = new HashSet<string>(StringComparer.Ordinal);
        if (host is not null)
        {
            foreach (var replica in host.Replicas.Values)
            {
                stacks.Add(replica.Key.Stack);
            }
        }
        return stacks;
    }

    /// <summary>One for each way that a stack is there: compared by reference.</summary>
    private sealed class Presence(ImmutableSortedSet<string> hosts)
    {
        public ImmutableSortedSet<string> Hosts { get; } = hosts;
    }
}

/// <param name="ShowsEveryTable">As in <see cref="HostFacts"/>; of a host that has not been heard of, true.</param>
public readonly record struct HostStanding(HostState State, bool ShowsEveryTable);

public sealed record HostSnapshot
{
    public required string Name { get; init; }

    public HostState State { get; init; }

    /// <summary>Null until the host has been heard of.</summary>
    public HostFacts? Facts { get; init; }

    public ImmutableSortedDictionary<string, ReplicaSnapshot> Replicas { get; init; } = ImmutableSortedDictionary.Create<string, ReplicaSnapshot>(StringComparer.Ordinal);

    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Those that have a container there.</summary>
    public IEnumerable<string> Stacks => Replicas.Values.Select(r => r.Key.Stack).Distinct(StringComparer.Ordinal);

    /// <summary>May be given new replicas.</summary>
    public bool IsSchedulable => State == HostState.Ready && Facts?.EngineError is null;
}
