using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Planning;

/// <summary>
/// What of a stack is kept up after a change that did not succeed: each service in the revision that it last got to, whichever that was. One that never got to
/// any is left out: trying it again by itself is not what anybody asked for. Pure.
/// </summary>
public static class StandingRevision
{
    /// <returns>With the number of <paramref name="current"/>.</returns>
    public static StackRevision Of(StackRevision current, ImmutableArray<StackRevision> revisions)
    {
        var services = ImmutableArray.CreateBuilder<ServiceSpec>();
        var standing = ImmutableSortedDictionary.CreateBuilder<string, ServiceRevision>(StringComparer.Ordinal);
        var spec = current.Spec;
        foreach (var (name, number) in NumbersOf(current, revisions))
        {
            if (revisions.FirstOrDefault(r => r.Number == number && r.Services.ContainsKey(name)) is not { } source)
            {
                continue;
            }
            services.Add(source.Service(name));
            standing.Add(name, source.Services[name]);
            spec = spec with { Networks = source.Spec.Networks.SetItems(spec.Networks), Volumes = source.Spec.Volumes.SetItems(spec.Volumes) };
        }
        return current with { Spec = spec with { Services = services.ToImmutable() }, Services = standing.ToImmutable() };
    }

    /// <summary>By service, the revision in which it stands while the stack is wanted as in this one.</summary>
    public static ImmutableSortedDictionary<string, int> NumbersOf(StackRevision revision, ImmutableArray<StackRevision> revisions)
    {
        if (revision.State == RevisionState.Good)
        {
            return revision.Services.Keys.ToImmutableSortedDictionary(name => name, _ => revision.Number, StringComparer.Ordinal);
        }
        if (revision.Stands is { } stands)
        {
            return stands;
        }

        // From before that was kept: the newest good revision that has the service.
        var good = revisions.Where(r => r.WasGood && r.Number <= revision.Number).OrderByDescending(r => r.Number).ToList();
        return revision.Services.Keys
            .Select(name => (Name: name, Source: good.Find(r => r.Services.ContainsKey(name))))
            .Where(s => s.Source is not null)
            .ToImmutableSortedDictionary(s => s.Name, s => s.Source!.Number, StringComparer.Ordinal);
    }

    /// <summary>The fleet without new replicas of this stack that its traffic withholds until a switch: the slots they run in are not filled by them.</summary>
    /// <param name="withheld">By <see cref="TrafficTables.Name"/>.</param>
    public static FleetSnapshot WithoutStaged(FleetSnapshot fleet, StackRevision standing, IReadOnlySet<string> withheld)
    {
        var stack = standing.Spec.Name;
        return withheld.Count == 0 ? fleet : fleet.Without(fleet.Replicas(stack).Concat(fleet.Lost(stack)).Where(r => IsStaged(r.Replica.Key)));

        bool IsStaged(ReplicaKey key) => standing.Services.GetValueOrDefault(key.Service)?.Id != key.Revision && withheld.Contains(TrafficTables.Name(key));
    }
}
