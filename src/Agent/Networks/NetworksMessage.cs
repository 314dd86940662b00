using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Networks;

/// <summary>To and from <c>/user/agent/networks</c>. A token is the asker's own number for its question.</summary>
internal abstract record NetworksMessage
{
    /// <summary>Have these networks and volumes. Keyed as in the stack's file. Answered with <see cref="Done"/> or <see cref="Failed"/>.</summary>
    public sealed record Ensure(string Stack, ImmutableSortedDictionary<string, NetworkSpec> Networks, ImmutableSortedDictionary<string, VolumeSpec> Volumes, long Token) : NetworksMessage
    {
        /// <summary>This host's part of each network that spans hosts, by the file's key.</summary>
        public ImmutableSortedDictionary<string, OverlaySlice> Overlays { get; init; } = ImmutableSortedDictionary<string, OverlaySlice>.Empty;

        /// <summary>The container that gets an address of its own on each network that allows it; null for none.</summary>
        public string? Container { get; init; }

        /// <summary>Addresses the engine has refused.</summary>
        public ImmutableHashSet<string> Avoid { get; init; } = [];
    }

    /// <summary>
    /// Have exactly these networks that span hosts joined with these peers, and nothing left of the stacks that are gone. Answered as <see cref="Ensure"/>; what could be done is done
    /// also when something fails. Holds until the next one: what an engine's or somebody's doing takes away is made good.
    /// </summary>
    public sealed record Span(ImmutableArray<(string Stack, OverlaySlice Slice)> Slices, ImmutableArray<OverlayPeer> Peers, ImmutableSortedSet<string> GoneStacks, long Token) : NetworksMessage;

    /// <summary>Remove by engine names; what is not there is removed already. Answered as <see cref="Ensure"/>.</summary>
    public sealed record Remove(ImmutableArray<string> Networks, ImmutableArray<string> Volumes, long Token) : NetworksMessage;

    /// <summary>
    /// Of the networks made for the stack these are in its file, by engine name. Others are removed once no container uses them, stopped ones included. Holds until the next
    /// one for the stack. Not answered.
    /// </summary>
    public sealed record Keep(string Stack, ImmutableArray<string> Networks) : NetworksMessage;

    public sealed record Done(long Token) : NetworksMessage
    {
        /// <summary>For the container of <see cref="Ensure"/>, by the engine name of a network; held for it until it is there.</summary>
        public ImmutableSortedDictionary<string, string> Addresses { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
    }

    public sealed record Failed(long Token, string Message, bool Temporary) : NetworksMessage;
}
