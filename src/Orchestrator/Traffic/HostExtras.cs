using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>What goes to hosts beside a table: their part of the networks, and certificates.</summary>
/// <param name="Slices">By host.</param>
/// <param name="Peers">Of all hosts, each among its own: one list for all.</param>
/// <param name="Certificates">Those that the table's routes name.</param>
/// <param name="Text">Differs when any of it differs.</param>
internal sealed record HostExtras(
    ImmutableDictionary<string, ImmutableArray<OverlaySlice>> Slices,
    ImmutableArray<OverlayPeer> Peers,
    ImmutableArray<CertificateFile> Certificates,
    string Text)
{
    public static HostExtras None { get; } = new(ImmutableDictionary<string, ImmutableArray<OverlaySlice>>.Empty, [], [], "");

    /// <summary>Of the stack's file, by engine name; null: there is no file any more.</summary>
    public ImmutableArray<string>? Networks { get; init; }

    public ImmutableArray<OverlaySlice> Overlays(string host) => Slices.GetValueOrDefault(host, []);
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
