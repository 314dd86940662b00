using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Networks;

/// <summary>To and from <c>/user/coordinator/networks</c>.</summary>
internal abstract record AllocationMessage
{
    /// <summary>Have each of the networks that spans hosts allocated, with a part for each host. Answered with <see cref="Allocated"/>, durable by then, or <see cref="Refused"/>.</summary>
    /// <param name="Networks">By the file's key; those that do not span hosts are passed over.</param>
    /// <param name="Hosts">Every host of the fleet: its ingress reaches all networks.</param>
    /// <param name="IsProposal">Answered the same way, and nothing is kept: whether it can be had, and what it would be.</param>
    public sealed record Allocate(string Stack, ImmutableSortedDictionary<string, NetworkSpec> Networks, ImmutableArray<string> Hosts, bool IsProposal = false) : AllocationMessage;

    /// <param name="Allocations">Of all stacks.</param>
    public sealed record Allocated(string Stack, ImmutableSortedDictionary<string, NetworkSpec> Networks, OverlayAllocations Allocations) : AllocationMessage
    {
        /// <summary>For <see cref="ReplicaSpec.Overlays"/>, by the file's key, and its values for <see cref="AgentCommand.ApplyTraffic.Overlays"/>.</summary>
        public ImmutableSortedDictionary<string, OverlaySlice> SlicesOf(string host) => Networks
            .Select(n => (n.Key, Slice: OverlayAllocator.Spans(n.Value) ? OverlayAllocator.SliceOf(Allocations, n.Key, n.Value, host) : null))
            .Where(n => n.Slice is not null)
            .ToImmutableSortedDictionary(n => n.Key, n => n.Slice!, StringComparer.Ordinal);

        /// <summary>Those of the hosts that the service cannot run on, for they have no part of one of its networks.</summary>
        public ImmutableArray<string> Without(ServiceSpec service, IEnumerable<string> hosts)
        {
            var ranges = service.Container.Networks.Select(n => Networks.GetValueOrDefault(n.Network)).OfType<NetworkSpec>().Where(OverlayAllocator.Spans)
                .Select(n => Allocations.Networks.GetValueOrDefault(n.EngineName)?.Ranges).ToList();
            return [.. hosts.Where(h => ranges.Exists(r => r?.ContainsKey(h) != true))];
        }

        /// <summary>Differs when the slices of any host differ.</summary>
        public string Text => string.Join('\n', Networks.Select(n => (n, Allocation: Allocations.Networks.GetValueOrDefault(n.Value.EngineName)))
            .Where(n => n.Allocation is not null)
            .Select(n => $"{n.n} {n.Allocation!.Vni} {n.Allocation.Subnet} {string.Join(',', n.Allocation.Ranges)}"));

        /// <summary>Hosts whose name servers the containers of this one ask while its agent is away.</summary>
        public IEnumerable<string> SecondServers(string host) => Networks.Values
            .Select(n => Allocations.Networks.GetValueOrDefault(n.EngineName) is { } allocation ? OverlayAllocator.Following(allocation, host) : null)
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);

        /// <summary>For <see cref="AgentCommand.ApplyTraffic.Peers"/>.</summary>
        /// <param name="addresses"><see cref="HostFacts.Address"/> by host; hosts without one are left out.</param>
        public ImmutableArray<OverlayPeer> Peers(IReadOnlyDictionary<string, string> addresses) =>
            OverlayAllocator.Peers(Allocations, Networks.Values.Where(OverlayAllocator.Spans).Select(n => n.EngineName), addresses);
    }

    /// <summary>Nothing was changed.</summary>
    /// <param name="Errors">For people, each with what to do.</param>
    /// <param name="Standing">Of all stacks, as they stay; null: the store failed, and asked again it may be had.</param>
    public sealed record Refused(string Stack, ImmutableArray<string> Errors, OverlayAllocations? Standing = null) : AllocationMessage;

    /// <summary>These are all networks that any kept revision of the stack has; the others' addresses are free. Empty: the stack is gone. Not answered.</summary>
    public sealed record Keep(string Stack, ImmutableArray<string> EngineNames) : AllocationMessage;

    /// <summary>The host has left the fleet. Not answered.</summary>
    public sealed record Forget(string Host) : AllocationMessage;
}
