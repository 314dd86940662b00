using System.Collections.Immutable;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>What goes to hosts beside a table: their part of the networks, and certificates.</summary>
/// <param name="Allocated">Null: nothing spans hosts.</param>
/// <param name="Peers">Of all hosts, each among its own: one list for all.</param>
/// <param name="Certificates">Those that the table's routes name.</param>
/// <param name="Text">Differs when any of it differs.</param>
internal sealed record HostExtras(
    AllocationMessage.Allocated? Allocated,
    ImmutableArray<OverlayPeer> Peers,
    ImmutableArray<CertificateFile> Certificates,
    string Text)
{
    /// <summary>Made when a host is first sent something.</summary>
    private readonly Dictionary<string, ImmutableArray<OverlaySlice>> slices = new(StringComparer.Ordinal);

    /// <summary>Nothing: a new one, for it is no more than one actor's.</summary>
    public static HostExtras None => new(null, [], [], "");

    /// <summary>Of the stack's file, by engine name; null: there is no file any more.</summary>
    public ImmutableArray<string>? Networks { get; init; }

    /// <summary>Whose name servers the containers of a host ask while its own agent is away.</summary>
    public IEnumerable<string> SecondServers(string host) => Allocated?.SecondServers(host) ?? [];

    public ImmutableArray<OverlaySlice> Overlays(string host)
    {
        if (!slices.TryGetValue(host, out var known))
        {
            slices[host] = known = Allocated?.SlicesOf(host).Values.ToImmutableArray() ?? [];
        }
        return known;
    }
}

/// <summary>Where a table's surroundings come from and where it goes beside the hosts.</summary>
internal interface ITrafficExtras
{
    /// <summary>Before a new target's first table: what it needs is loaded.</summary>
    Task PrepareAsync(TrafficTarget target);

    Task<HostExtras> HostsAsync(TrafficTarget target, FleetSnapshot fleet);

    /// <summary>etcd is told each version too, and answers the table's actor.</summary>
    bool HasEtcd { get; }

    /// <summary>A new version, for sinks that are no hosts.</summary>
    void Publish(TrafficTable table);
}
