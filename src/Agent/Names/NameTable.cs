using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Names;

/// <summary>Who is called what, as seen from each network. Immutable.</summary>
internal sealed class NameTable
{
    private const string ReverseSuffix = ".in-addr.arpa";

    private readonly ImmutableArray<NamedNetwork> _networks;
    private readonly FrozenDictionary<uint, ImmutableArray<NamedNetwork>> _networksOf;
    private readonly FrozenDictionary<uint, string> _pointers;

    private NameTable(ImmutableArray<NamedNetwork> networks, FrozenDictionary<uint, ImmutableArray<NamedNetwork>> networksOf, FrozenDictionary<uint, string> pointers)
    {
        _networks = networks;
        _networksOf = networksOf;
        _pointers = pointers;
    }

    public static NameTable Empty { get; } = From(HostTraffic.Empty);

    public static NameTable From(HostTraffic traffic)
    {
        var shown = traffic.Stacks.Where(s => !s.Value.Table.IsRemoved).ToArray();
        var slices = shown.SelectMany(s => s.Value.Overlays.Select(slice => (Stack: s.Key, Slice: slice))).ToLookup(s => s.Slice.EngineName, StringComparer.Ordinal);
        var networks = slices
            .Select(group => NetworkOf(group.First().Slice, [.. shown.Where(s => group.Any(g => g.Stack == s.Key))]))
            .OrderBy(n => n.Name, StringComparer.Ordinal)
            .ToImmutableArray();
        var byName = networks.ToDictionary(n => n.Name, StringComparer.Ordinal);
        var networksOf = new Dictionary<uint, ImmutableArray<NamedNetwork>>();
        var pointers = new Dictionary<uint, string>();
        foreach (var endpoint in traffic.Services.SelectMany(s => s.Service.Endpoints))
        {
            var joined = endpoint.Addresses.Where(a => byName.ContainsKey(a.Key)).Select(a => (Network: byName[a.Key], Number: Ipv4Block.Number(a.Value))).Where(a => a.Number is not null).ToArray();
            foreach (var (network, number) in joined)
            {
                networksOf[number!.Value] = [network, .. joined.Select(j => j.Network).Where(n => n != network)];
                pointers[number.Value] = $"{ContainerOf(endpoint)}.{network.Name}";
            }
        }

        return new NameTable(networks, networksOf.ToFrozenDictionary(), pointers.ToFrozenDictionary());
    }

    /// <param name="asker">The address the question came from.</param>
    public NameAnswer Find(uint asker, string name, DnsType type)
    {
        var home = _networks.FirstOrDefault(n => n.Subnet.Contains(asker));
        if (home is null) return new NameAnswer.Refused();
        if (type == DnsType.Ptr && name.EndsWith(ReverseSuffix, StringComparison.OrdinalIgnoreCase)) return FindPointer(name);

        // A container that is in no table yet is just being started: it may be on any network of its stack, and names it needs for its start must not fail.
        var visible = _networksOf.TryGetValue(asker, out var own) ? own : [home, .. _networks.Where(n => n != home && n.Stacks.Overlaps(home.Stacks))];
        var isKnown = false;
        foreach (var network in visible)
        {
            if (!network.Names.TryGetValue(name, out var addresses)) continue;
            if (!addresses.IsEmpty) return new NameAnswer.Known(addresses);
            isKnown = true;
        }

        return isKnown ? new NameAnswer.Known([]) : new NameAnswer.Elsewhere();
    }

    private NameAnswer FindPointer(string name)
    {
        var parts = name[..^ReverseSuffix.Length].Split('.');
        if (parts.Length != 4) return new NameAnswer.Elsewhere();
        var number = 0u;
        foreach (var part in parts.Reverse())
        {
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value)) return new NameAnswer.Elsewhere();
            number = (number << 8) | value;
        }

        if (_pointers.TryGetValue(number, out var pointer)) return new NameAnswer.Pointer(pointer);
        return _networks.Any(n => n.Subnet.Contains(number)) ? new NameAnswer.NoSuchName() : new NameAnswer.Elsewhere();
    }

    private static NamedNetwork NetworkOf(OverlaySlice slice, KeyValuePair<string, AgentCommand.ApplyTraffic>[] stacks)
    {
        var names = new Dictionary<string, SortedSet<uint>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (stack, applied) in stacks)
        {
            foreach (var service in applied.Table.Services.Where(s => IsOn(s, slice.EngineName))) AddService(names, stack, service, slice.EngineName);
        }

        return new NamedNetwork(
            slice.EngineName,
            Ipv4Block.Parse(slice.Subnet) ?? throw new InvalidOperationException($"network {slice.EngineName}: its subnet {slice.Subnet} is no IPv4 range"),
            stacks.Select(s => s.Key).ToImmutableHashSet(StringComparer.Ordinal),
            names.ToFrozenDictionary(n => n.Key, n => n.Value.ToImmutableArray(), StringComparer.OrdinalIgnoreCase));
    }

    private static void AddService(Dictionary<string, SortedSet<uint>> names, string stack, ServiceTraffic service, string network)
    {
        string[] all =
        [
            service.Service, $"{service.Service}.{stack}", $"tasks.{service.Service}", $"tasks.{service.Service}.{stack}", $"{stack}_{service.Service}",
            .. service.Aliases.GetValueOrDefault(network, []),
        ];
        foreach (var name in all) Add(names, name, null);
        foreach (var endpoint in service.Endpoints.Where(e => e.State == EndpointState.Serving))
        {
            if (!endpoint.Addresses.TryGetValue(network, out var text) || Ipv4Block.Number(text) is not { } address) continue;
            foreach (var name in all) Add(names, name, address);
            Add(names, ContainerOf(endpoint), address);
        }
    }

    private static void Add(Dictionary<string, SortedSet<uint>> names, string name, uint? address)
    {
        if (!names.TryGetValue(name, out var addresses)) names[name] = addresses = [];
        if (address is { } number) addresses.Add(number);
    }

    /// <summary>Without an endpoint nothing says which networks a service is on, so it is on all of its stack's: a name that is asked too early must not be looked for outside.</summary>
    private static bool IsOn(ServiceTraffic service, string network) => service.Endpoints.IsEmpty
        || service.Aliases.ContainsKey(network)
        || service.Endpoints.Any(e => e.Addresses.ContainsKey(network));

    private static string ContainerOf(Endpoint endpoint) => endpoint.Id.Split('@')[0];

    private sealed record NamedNetwork(string Name, Ipv4Block Subnet, ImmutableHashSet<string> Stacks, FrozenDictionary<string, ImmutableArray<uint>> Names);
}
