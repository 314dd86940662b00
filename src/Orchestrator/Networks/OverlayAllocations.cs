using System.Collections.Immutable;

namespace Orchestrator.Networks;

/// <summary>Which network has which addresses: kept in the store, for hosts hold on to them for as long as the network is.</summary>
internal sealed record OverlayAllocations
{
    public static OverlayAllocations Empty { get; } = new();

    /// <summary>By engine name.</summary>
    public ImmutableSortedDictionary<string, OverlayAllocation> Networks { get; init; } = ImmutableSortedDictionary.Create<string, OverlayAllocation>(StringComparer.Ordinal);

    /// <summary>The last identifier given. The next network gets a higher one, so that a host that was away and still holds a removed network's device does not find itself in another network.</summary>
    public int LastVni { get; init; }

    /// <summary>The last subnet given from the pool, for the same reason.</summary>
    public string? LastSubnet { get; init; }
}

internal sealed record OverlayAllocation
{
    /// <summary>Several when their files give the network the same <c>name</c>.</summary>
    public required ImmutableSortedSet<string> Stacks { get; init; }

    public required int Vni { get; init; }

    public required string Subnet { get; init; }

    /// <summary>By host.</summary>
    public ImmutableSortedDictionary<string, string> Ranges { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}
