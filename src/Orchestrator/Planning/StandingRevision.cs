using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Planning;

/// <summary>
/// What of a stack is kept up after a change that did not succeed: each service as it last proved itself, whichever revision that was in. One that never did is
/// left out: trying it again by itself is not what anybody asked for. Pure.
/// </summary>
public static class StandingRevision
{
    /// <returns>With the number of <paramref name="current"/>.</returns>
    public static StackRevision Of(StackRevision current, ImmutableArray<StackRevision> revisions)
    {
        var good = revisions.Where(r => r.WasGood && r.Number <= current.Number).OrderByDescending(r => r.Number).ToList();
        var ids = StackRevision.Good(revisions);
        var services = ImmutableArray.CreateBuilder<ServiceSpec>();
        var proven = ImmutableSortedDictionary.CreateBuilder<string, ServiceRevision>(StringComparer.Ordinal);
        var spec = current.Spec;
        foreach (var name in current.Services.Keys)
        {
            var isProven = current.Reached?.Contains(name) == true || ids.Contains(current.Services[name].Id);
            if ((isProven ? current : good.Find(r => r.Services.ContainsKey(name))) is not { } source)
            {
                continue;
            }
            services.Add(source.Service(name));
            proven.Add(name, source.Services[name]);
            spec = spec with { Networks = source.Spec.Networks.SetItems(spec.Networks), Volumes = source.Spec.Volumes.SetItems(spec.Volumes) };
        }
        return current with { Spec = spec with { Services = services.ToImmutable() }, Services = proven.ToImmutable() };
    }

    /// <summary>Blue-greens that <paramref name="current"/> was to switch: what is new of them may run, and serve nobody.</summary>
    public static ImmutableHashSet<string> Unswitched(StackRevision current, StackRevision standing) =>
        [.. standing.Services.Where(s => current.Services[s.Key].Id != s.Value.Id && current.Service(s.Key).Deploy.Strategy.Kind == StrategyKind.BlueGreen).Select(s => s.Key)];

    /// <summary>The fleet without new replicas of these services that are out of the traffic: the slots they are in are not filled by them.</summary>
    public static FleetSnapshot WithoutStaged(FleetSnapshot fleet, StackRevision standing, ImmutableHashSet<string> services, TrafficTable traffic)
    {
        var shown = traffic.Services.SelectMany(s => s.Endpoints).Select(e => (e.Replica, e.Host)).ToHashSet();
        return fleet.Hosts.Values.Aggregate(fleet, (seen, host) => seen.With(host with { Replicas = host.Replicas.RemoveRange(host.Replicas.Where(r => IsStaged(host.Name, r.Value.Key)).Select(r => r.Key)) }));

        bool IsStaged(string host, ReplicaKey key) => key.Stack == traffic.Stack && services.Contains(key.Service) && standing.Services[key.Service].Id != key.Revision && !shown.Contains((key, host));
    }
}
