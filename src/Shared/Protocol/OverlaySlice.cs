namespace Orchestrator.Protocol;

/// <summary>One host's part of a network that spans the fleet.</summary>
public sealed record OverlaySlice
{
    public required string EngineName { get; init; }

    /// <summary>VXLAN network identifier, 1 to 16777215.</summary>
    public required int Vni { get; init; }

    /// <summary>The whole network's, in CIDR: the same on every host.</summary>
    public required string Subnet { get; init; }

    /// <summary>What this host hands out, in CIDR; no two hosts' overlap.</summary>
    public required string Range { get; init; }

    /// <summary>This host's own address in the network, the first of <see cref="Range"/>: its bridge, its DNS server, and where its ingress connects from.</summary>
    public required string Gateway { get; init; }
}

/// <summary>Another host of a network.</summary>
/// <param name="Network">Its <see cref="OverlaySlice.EngineName"/>.</param>
/// <param name="Host">The peer's name.</param>
/// <param name="Address">Where VXLAN packets to it go.</param>
/// <param name="Gateway">Its own address in the network; its DNS server answers there too.</param>
public sealed record OverlayPeer(string Network, string Host, string Address, string Gateway);
