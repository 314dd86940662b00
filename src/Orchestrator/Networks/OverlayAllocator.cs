using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Networks;

/// <summary>Gives networks subnets and hosts their parts of them. Pure: the same allocations and the same question give the same answer.</summary>
internal static class OverlayAllocator
{
    /// <summary>24 bits on the wire.</summary>
    private const int VniMax = 16_777_215;

    /// <summary>Network address, gateway, one replica, and the last address, which in the last range is the broadcast address.</summary>
    private const int SlicePrefixMax = 30;

    private static readonly ConditionalWeakTable<OverlayAllocation, string[]> OrderedHosts = [];

    private const string MtuOption = "com.docker.network.driver.mtu";

    /// <summary>Spans hosts. External networks and those of other drivers are the engine's own on each host.</summary>
    public static bool Spans(NetworkSpec network) => !network.External && network.Driver is ("bridge" or "overlay");

    /// <summary>Has each network that spans allocated, with a part for each host, and keeps everything else as it is.</summary>
    /// <param name="networks">By the file's key.</param>
    public static OverlayOutcome Ensure(OverlayAllocations before, OverlayOptions options, string stack, IEnumerable<KeyValuePair<string, NetworkSpec>> networks, IEnumerable<string> hosts)
    {
        var errors = ImmutableArray.CreateBuilder<string>();
        var after = before;
        var wanted = networks.Where(n => Spans(n.Value)).ToArray();
        if (wanted.Length > 0 && PoolError(options) is { } wrong) return new OverlayOutcome(before, [wrong]);
        var ordered = hosts.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        foreach (var (key, network) in wanted)
        {
            var error = Refusal(network) ?? EnsureOne(ref after, options, stack, network, ordered);
            if (error is not null) errors.Add($"network {key} ({network.EngineName}): {error}");
        }

        return errors.Count == 0 ? new OverlayOutcome(after, []) : new OverlayOutcome(before, errors.ToImmutable());
    }

    /// <summary>The stack has only these networks any more; what no other stack has either is free.</summary>
    public static OverlayAllocations Keep(OverlayAllocations before, string stack, IReadOnlySet<string> engineNames)
    {
        var networks = before.Networks;
        foreach (var (name, allocation) in before.Networks)
        {
            if (!allocation.Stacks.Contains(stack) || engineNames.Contains(name)) continue;
            var stacks = allocation.Stacks.Remove(stack);
            networks = stacks.IsEmpty ? networks.Remove(name) : networks.SetItem(name, allocation with { Stacks = stacks });
        }

        return networks == before.Networks ? before : before with { Networks = networks };
    }

    /// <summary>The host has left the fleet: its parts are free.</summary>
    public static OverlayAllocations Forget(OverlayAllocations before, string host)
    {
        var networks = before.Networks;
        foreach (var (name, allocation) in before.Networks)
        {
            if (allocation.Ranges.ContainsKey(host)) networks = networks.SetItem(name, allocation with { Ranges = allocation.Ranges.Remove(host) });
        }

        return networks == before.Networks ? before : before with { Networks = networks };
    }

    /// <summary>Null when nothing is allocated for it.</summary>
    /// <param name="key">The file's.</param>
    public static OverlaySlice? SliceOf(OverlayAllocations allocations, string key, NetworkSpec network, string host)
    {
        if (allocations.Networks.GetValueOrDefault(network.EngineName) is not { } allocation || !allocation.Ranges.TryGetValue(host, out var range)) return null;
        var gateway = Gateway(range);
        return new OverlaySlice
        {
            EngineName = network.EngineName,
            Key = key,
            Network = network,
            Vni = allocation.Vni,
            Subnet = allocation.Subnet,
            Range = range,
            Gateway = gateway,
            Resolvers = Following(allocation, host) is { } other ? [gateway, Gateway(allocation.Ranges[other])] : [gateway],
        };
    }

    /// <summary>The other hosts of these networks that have said where they are reached.</summary>
    /// <param name="addresses">Of hosts, for VXLAN packets.</param>
    public static ImmutableArray<OverlayPeer> Peers(OverlayAllocations allocations, IEnumerable<string> engineNames, IReadOnlyDictionary<string, string> addresses) =>
    [
        .. from name in engineNames.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
           let allocation = allocations.Networks.GetValueOrDefault(name)
           where allocation is not null
           from range in allocation.Ranges
           where addresses.ContainsKey(range.Key)
           select new OverlayPeer(name, range.Key, addresses[range.Key], Gateway(range.Value)),
    ];

    private static string? EnsureOne(ref OverlayAllocations state, OverlayOptions options, string stack, NetworkSpec network, string[] hosts)
    {
        if (state.Networks.GetValueOrDefault(network.EngineName) is { } known)
        {
            if (network.Subnet is { } asked && Ipv4Block.Parse(asked)?.ToString() != known.Subnet)
            {
                return $"it has the subnet {known.Subnet}, and the file now asks for {asked}: give the network another name, or remove the stack first";
            }
        }
        else
        {
            var subnet = network.Subnet is { } own ? OwnSubnet(state, options, own, out var error) : NextSubnet(state, options, out error);
            if (subnet is not { } chosen) return error;
            var vni = NextVni(state);
            known = new OverlayAllocation { Stacks = ImmutableSortedSet.Create(StringComparer.Ordinal, stack), Vni = vni, Subnet = chosen.ToString() };
            state = state with { LastVni = vni, LastSubnet = network.Subnet is null ? known.Subnet : state.LastSubnet };
        }

        var ranges = known.Ranges;
        if (Array.Exists(hosts, h => !known.Ranges.ContainsKey(h)))
        {
            var block = Ipv4Block.Parse(known.Subnet)!.Value;
            var free = FreeRanges(block, options.SlicePrefix, [.. ranges.Values.Select(r => Ipv4Block.Parse(r)!.Value)]).GetEnumerator();
            foreach (var host in hosts.Where(h => !known.Ranges.ContainsKey(h)))
            {
                if (!free.MoveNext())
                {
                    return $"{block} has room for {block.Count(options.SlicePrefix)} hosts at a /{options.SlicePrefix} each, and host {host} would be one more: give it a larger subnet under a new name (or all new networks, with `orchestrator serve --overlay-prefix`), or remove hosts that are gone";
                }

                ranges = ranges.SetItem(host, free.Current.ToString());
            }
        }

        var stacks = known.Stacks.Add(stack);
        if (stacks != known.Stacks || ranges != known.Ranges || !state.Networks.ContainsKey(network.EngineName))
        {
            state = state with { Networks = state.Networks.SetItem(network.EngineName, known with { Stacks = stacks, Ranges = ranges }) };
        }

        return null;
    }

    /// <summary>What the file asks that a network over several engines cannot give.</summary>
    private static string? Refusal(NetworkSpec network) => network switch
    {
        { EnableIpv6: true } => "enable_ipv6 is not supported on a network that spans hosts: leave it out",
        { Gateway: not null } => "a gateway cannot be chosen on a network that spans hosts, for each host is one: leave it out",
        { Driver: "overlay" } when network.DriverOptions.Keys.FirstOrDefault(k => k != MtuOption) is { } option => $"the option {option} of the driver overlay is not supported: leave it out (encryption is the network's below, see docs/networks.md)",
        _ => null,
    };

    /// <summary>Null when networks can be made so; else why not, for people.</summary>
    public static string? PoolError(OverlayOptions options) => Ipv4Block.Parse(options.Pool) switch
    {
        null => $"the overlay's pool {options.Pool} is no IPv4 range such as 10.128.0.0/9",
        { } pool when options.NetworkPrefix < pool.Prefix => $"the overlay's networks (/{options.NetworkPrefix}) are larger than its pool {pool}",
        _ when options.SlicePrefix < options.NetworkPrefix || options.SlicePrefix > SlicePrefixMax => $"a host's part of a network is between /{options.NetworkPrefix} and /{SlicePrefixMax}, not /{options.SlicePrefix}",
        _ => null,
    };

    private static Ipv4Block? OwnSubnet(OverlayAllocations state, OverlayOptions options, string text, out string error)
    {
        error = "";
        if (Ipv4Block.Parse(text) is not { } subnet)
        {
            error = $"the subnet {text} is not IPv4, and a network that spans hosts has only that";
        }
        else if (subnet.Count(options.SlicePrefix) == 0)
        {
            error = $"the subnet {subnet} is too small to span hosts: each host takes a /{options.SlicePrefix}, so it is a /{options.SlicePrefix - 1} at least for two; leave it out to have one chosen";
        }
        else if (state.Networks.FirstOrDefault(n => Ipv4Block.Parse(n.Value.Subnet)!.Value.Overlaps(subnet)) is { Key: { } other, Value: { } taken })
        {
            error = $"the subnet {subnet} overlaps with {taken.Subnet} of network {other}";
        }
        else
        {
            return subnet;
        }

        return null;
    }

    private static Ipv4Block? NextSubnet(OverlayAllocations state, OverlayOptions options, out string error)
    {
        error = "";
        var pool = Ipv4Block.Parse(options.Pool)!.Value;
        var count = pool.Count(options.NetworkPrefix);
        var taken = state.Networks.Values.Select(n => Ipv4Block.Parse(n.Subnet)!.Value).ToArray();
        var last = state.LastSubnet is { } text && Ipv4Block.Parse(text) is { } block && pool.Contains(block.Base) ? ((block.Base - pool.Base) >> (32 - options.NetworkPrefix)) + 1UL : 0;
        for (var step = 0UL; step < count; step++)
        {
            var candidate = pool.Part(options.NetworkPrefix, (last + step) % count);
            if (!Array.Exists(taken, t => t.Overlaps(candidate))) return candidate;
        }

        error = $"all {count} subnets of the overlay's pool {pool} are in use: remove stacks, or start the coordinator with a larger pool";
        return null;
    }

    private static int NextVni(OverlayAllocations state)
    {
        var used = state.Networks.Values.Select(n => n.Vni).ToHashSet();
        var next = state.LastVni;
        do
        {
            next = next >= VniMax ? 1 : next + 1;
        }
        while (used.Contains(next));
        return next;
    }

    /// <summary>Lowest first.</summary>
    private static IEnumerable<Ipv4Block> FreeRanges(Ipv4Block subnet, int prefix, Ipv4Block[] taken)
    {
        var count = subnet.Count(prefix);
        for (var index = 0UL; index < count; index++)
        {
            var candidate = subnet.Part(prefix, index);
            if (!Array.Exists(taken, t => t.Overlaps(candidate))) yield return candidate;
        }
    }

    private static string Gateway(string range) => Ipv4Block.Parse(range)!.Value.Address(1);

    /// <summary>The next host by name, round: each host is the second name server of about one other. Null: there is no other.</summary>
    public static string? Following(OverlayAllocation allocation, string host)
    {
        // Each host of the fleet is asked for in a row.
        var names = OrderedHosts.GetValue(allocation, a => [.. a.Ranges.Keys.Order(StringComparer.Ordinal)]);
        var at = Array.BinarySearch(names, host, StringComparer.Ordinal);
        var next = names.Length == 0 ? null : names[(at < 0 ? ~at : at + 1) % names.Length];
        return next == host ? null : next;
    }
}

/// <param name="Allocations">As before when there are errors.</param>
/// <param name="Errors">For people; empty when all went well.</param>
internal sealed record OverlayOutcome(OverlayAllocations Allocations, ImmutableArray<string> Errors);
