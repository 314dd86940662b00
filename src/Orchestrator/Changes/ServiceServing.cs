using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>How many slots of a service are served, whichever revision serves there. Pure.</summary>
/// <param name="OfWanted">Slots in which the wanted revision serves.</param>
/// <param name="OfOthers">Slots that are served by others only, by the short revision.</param>
/// <param name="Withheld">New replicas, by host and container, that have passed and are out of the traffic until a switch.</param>
internal sealed record ServiceServing(string Service, int Desired, int OfWanted, ImmutableSortedDictionary<string, int> OfOthers, ImmutableHashSet<(string Host, string Container)> Withheld)
{
    public int Serving => OfWanted + OfOthers.Values.Sum();

    /// <summary><c>web serves with 2 of 3, 1 of them of the old revision feae647b</c>; null where nothing is amiss.</summary>
    public string? Fault()
    {
        var old = string.Join(" and ", OfOthers.Select(o => $"{o.Value} of them of the old revision {o.Key}"));
        return Serving >= Desired && old.Length == 0 ? null : $"{Service} serves with {Serving} of {Desired}{(old.Length == 0 ? "" : $", {old}")}";
    }

    public static ImmutableArray<ServiceServing> OfAll(StackState state, StackRevision current, FleetSnapshot fleet) => [.. current.Spec.Services.Select(s => Of(state, current, s, fleet))];

    public static ServiceServing Of(StackState state, StackRevision current, ServiceSpec service, FleetSnapshot fleet)
    {
        var (revision, isGlobal) = (current.Services[service.Name], service.Deploy.Mode == ServiceMode.Global);
        var (ofWanted, ofOthers) = (0, ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal));
        var withheld = ImmutableHashSet.CreateBuilder<(string, string)>();
        var slots = fleet.Replicas(state.Head.Stack)
            .Where(r => r.Replica.Key.Service == service.Name && r.Replica.IsServing)
            .GroupBy(r => isGlobal ? (r.Host.Name, 0) : ("", r.Replica.Key.Slot));
        foreach (var there in slots)
        {
            var staged = there.Where(r => IsStaged(state, r.Replica.Key, there.Any(o => o.Replica.Key.Revision != r.Replica.Key.Revision))).ToList();
            withheld.UnionWith(staged.Select(r => (r.Host.Name, r.Replica.ContainerName)));
            var shown = there.Except(staged).Select(r => r.Replica.Key).ToList();
            if (shown.Exists(k => k.Revision == revision.Id))
            {
                ofWanted++;
            }
            else if (shown.Count > 0)
            {
                var old = shown[0].ShortRevision;
                ofOthers[old] = ofOthers.GetValueOrDefault(old) + 1;
            }
        }
        var desired = isGlobal ? fleet.Hosts.Values.Count(h => PlacementFilter.Refusal(h, service, revision) is null) : service.Deploy.Replicas;
        return new ServiceServing(service.Name, desired, ofWanted, ofOthers.ToImmutable(), withheld.ToImmutable());
    }

    /// <summary>
    /// Of a blue-green that is under way. While it is held, surely so. Before that, and from its promotion on, as long as the old one serves beside it: when exactly
    /// the traffic turns is not in the stack's record, and until the old one has stopped the slot is served either way.
    /// </summary>
    private static bool IsStaged(StackState state, ReplicaKey key, bool hasOld) =>
        state.Active is { } change
        && change.Ends.GetValueOrDefault(key.Service) is null or { Outcome: not Api.ChangeOutcome.Done, IsSwitched: false }
        && change.Plan.Services.Any(p => p.Service == key.Service && p.Strategy?.Kind == StrategyKind.BlueGreen && p.ToRevision == key.Revision && p.Slots.Any(s => s.Slot == key.Slot && s.Action != SlotAction.Remove))
        && (hasOld || change.Held.ContainsKey(key.Service));
}
