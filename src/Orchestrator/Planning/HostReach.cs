using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Hosts that a change of a stack would need and that do not answer. Pure.</summary>
public static class HostReach
{
    private static readonly ServiceRevision AnyImage = new() { Id = "", ConfigHash = "", Image = "" };

    /// <summary>For people, one for each host: why the change should not go on without it. A host that is down and has nothing of the stack is none.</summary>
    public static ImmutableArray<string> Missing(FleetSnapshot fleet, string stack, IReadOnlyCollection<ServiceSpec> wanted) =>
    [
        .. from host in fleet.Hosts.Values
           where !host.IsSchedulable
           let needs = NeedsOf(host, fleet, stack, wanted).ToList()
           where needs.Count > 0 || host.State == HostState.Disconnected
           select $"host {host.Name} {StateOf(host)}{(needs.Count > 0 ? $": {string.Join(", ", needs)}" : "")}",
    ];

    /// <summary>The fleet without them: what is on them counts as lost, till they are back.</summary>
    public static FleetSnapshot Without(FleetSnapshot fleet) =>
        fleet.Hosts.Values.Where(h => h.State == HostState.Disconnected).Aggregate(fleet, (left, host) => left.With(host with { State = HostState.Down }));

    private static string StateOf(HostSnapshot host) => host.State switch
    {
        HostState.Disconnected => "is disconnected",
        HostState.Down => "is down",
        HostState.Unknown => "has not been heard of yet",
        HostState.Ready => $"has an engine that does not answer ({host.Facts?.EngineError})",
    };

    private static IEnumerable<string> NeedsOf(HostSnapshot host, FleetSnapshot fleet, string stack, IReadOnlyCollection<ServiceSpec> wanted)
    {
        var there = host.Replicas.Values
            .Where(r => r.Key.Stack == stack && r.State != Protocol.ReplicaState.Retained)
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
}
