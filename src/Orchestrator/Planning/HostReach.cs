using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Hosts that a change of a stack would need and that do not answer. Pure.</summary>
public static class HostReach
{
    private static readonly ServiceRevision AnyImage = new() { Id = "", ConfigHash = "", Image = "" };

    /// <summary>For people, one for each host: why the change should not go on without it. A host with nothing that the change is about is none.</summary>
    /// <param name="wanted">The services that the change is about.</param>
    /// <param name="isWhole">It is about every other service that is there, too.</param>
    public static ImmutableArray<string> Missing(FleetSnapshot fleet, string stack, IReadOnlyCollection<ServiceSpec> wanted, bool isWhole) =>
    [
        .. from host in fleet.Hosts.Values
           where !host.IsSchedulable
           let needs = NeedsOf(host, fleet, stack, wanted, isWhole).ToList()
           where needs.Count > 0
           select $"host {host.Name} {StateOf(host)}: {string.Join(", ", needs)}",
    ];

    /// <summary>The fleet without them: what is on them counts as lost, till they are back.</summary>
    public static FleetSnapshot Without(FleetSnapshot fleet) =>
        fleet.Hosts.Values.Where(h => !h.IsSchedulable).Aggregate(fleet, (left, host) => left.With(host with { State = HostState.Down }));

    private static string StateOf(HostSnapshot host) => host.State switch
    {
        HostState.Disconnected => "is disconnected",
        HostState.Down => "is down",
        HostState.Unknown => "has not been heard of yet",
        HostState.Ready => $"has an engine that does not answer ({host.Facts?.EngineError})",
    };

    private static IEnumerable<string> NeedsOf(HostSnapshot host, FleetSnapshot fleet, string stack, IReadOnlyCollection<ServiceSpec> wanted, bool isWhole)
    {
        var there = host.Replicas.Values
            .Where(r => r.Key.Stack == stack && r.State != Protocol.ReplicaState.Retained && (isWhole || wanted.Any(s => s.Name == r.Key.Service)) && !IsServedElsewhere(fleet, r.Key))
            .Select(r => $"{r.Key.Service}.{r.Key.Slot}")
            .Order(StringComparer.Ordinal)
            .ToList();
        if (there.Count > 0)
        {
            yield return $"it has {string.Join(", ", there)}";
        }
        foreach (var service in wanted.Where(s => PlacementFilter.ConstraintRefusal(host, s, AnyImage) is null))
        {
            if (service.Deploy.Mode == ServiceMode.Global)
            {
                yield return $"{service.Name} is global";
            }
            else if (!service.Deploy.Placement.Constraints.IsEmpty && service.Deploy.Replicas > 0 && !fleet.Hosts.Values.Any(h => PlacementFilter.Refusal(h, service, AnyImage) is null))
            {
                yield return $"no other host meets the constraints of {service.Name}";
            }
        }
    }

    /// <summary>What a lost host is last known to have was placed elsewhere meanwhile.</summary>
    private static bool IsServedElsewhere(FleetSnapshot fleet, Protocol.ReplicaKey key) =>
        fleet.Replicas(key.Stack).Any(r => r.Host.IsSchedulable && r.Replica.IsServing && r.Replica.Key.Service == key.Service && r.Replica.Key.Slot == key.Slot);
}
