using System.Collections.Immutable;
using Orchestrator.Planning;

namespace Orchestrator.Traffic;

/// <summary>
/// Which hosts show one stack's tables. All, where ingresses listen for the stack or another stack shares a network with it; else those that have a container of
/// it, those whose name servers stand in for theirs, and those that show every stack's. Who is in stays in for as long as it is in the fleet, also when
/// the coordinator is started anew: what it shows never grows old, and the barrier never has to do without it.
/// </summary>
internal sealed class TrafficAudience
{
    private readonly HashSet<string> members = new(StringComparer.Ordinal);
    private readonly HashSet<string> attending = new(StringComparer.Ordinal);

    /// <summary>What <see cref="members"/> was made from.</summary>
    private object[] seen = [];

    private bool isAttended;

    /// <summary>All that are there at the next look.</summary>
    private bool isAll;

    public TrafficAudience()
    {
    }

    /// <param name="stored">As <see cref="Stored"/> said; null: all.</param>
    public TrafficAudience(ImmutableSortedSet<string>? stored)
    {
        isAll = stored is null;
        members.UnionWith(stored ?? []);
    }

    public IReadOnlySet<string> Members => members;

    /// <summary>It is to have a container of the stack.</summary>
    /// <returns>False when it shows the stack already.</returns>
    public bool Attend(string host)
    {
        if (!attending.Add(host) || members.Contains(host))
        {
            return false;
        }
        return isAttended = true;
    }

    /// <returns>False when nothing has changed that it depends on.</returns>
    public bool Observe(TrafficTarget target, FleetSnapshot fleet, HostExtras extras)
    {
        object[] now = [target, fleet.Standings, fleet.HostsOf(target.Stack), extras];
        if (!isAttended && seen.SequenceEqual(now, ReferenceEqualityComparer.Instance))
        {
            return false;
        }
        (seen, isAttended) = (now, false);
        members.IntersectWith(fleet.Standings.Keys);
        attending.IntersectWith(fleet.Standings.Keys);
        if (target.IsShownEverywhere || isAll)
        {
            isAll = false;
            members.UnionWith(fleet.Standings.Keys);
            return true;
        }
        var hosts = fleet.HostsOf(target.Stack).Union(attending);
        members.UnionWith(hosts);
        members.UnionWith(hosts.SelectMany(extras.SecondServers).Where(fleet.Standings.ContainsKey));
        members.UnionWith(fleet.Standings.Where(h => h.Value is { ShowsEveryTable: true, State: not HostState.Unknown }).Select(h => h.Key));
        return true;
    }

    /// <summary>The members, for a coordinator that is started anew; null: all hosts.</summary>
    public ImmutableSortedSet<string>? Stored(FleetSnapshot fleet) => members.IsSupersetOf(fleet.Standings.Keys) ? null : members.ToImmutableSortedSet(StringComparer.Ordinal);
}
