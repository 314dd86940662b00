using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Protocol;

/// <summary>One host's part of a network that spans the fleet.</summary>
public sealed record OverlaySlice
{
    public required string EngineName { get; init; }

    /// <summary>As in the stack's file.</summary>
    public required string Key { get; init; }

    /// <summary>What the file says of it: a host makes the network also before a replica of it runs there.</summary>
    public required NetworkSpec Network { get; init; }

    /// <summary>VXLAN network identifier, 1 to 16777215.</summary>
    public required int Vni { get; init; }

    /// <summary>The whole network's, in CIDR: the same on every host.</summary>
    public required string Subnet { get; init; }

    /// <summary>What this host hands out, in CIDR; no two hosts' overlap.</summary>
    public required string Range { get; init; }

    /// <summary>This host's own address in the network, the second of <see cref="Range"/> (the first of the first range is the network's own): its bridge, its DNS server, and where its ingress connects from.</summary>
    public required string Gateway { get; init; }

    /// <summary>Name servers for containers of this host: <see cref="Gateway"/>, then that of one other host, for the time this host's agent is away.</summary>
    public ImmutableArray<string> Resolvers { get; init; } = [];
}

/// <summary>A host of a network.</summary>
/// <param name="Network">Its <see cref="OverlaySlice.EngineName"/>.</param>
/// <param name="Host">Its name.</param>
/// <param name="Address">Where VXLAN packets to it go.</param>
/// <param name="Gateway">Its own address in the network; its DNS server answers there too.</param>
public sealed record OverlayPeer(string Network, string Host, string Address, string Gateway);
