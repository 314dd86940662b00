using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Protocol;

namespace Orchestrator.Planning;

/// <summary>What a plan was made from, as far as it can change meanwhile: sorted, and without times, so that the same fleet gives the same text.</summary>
public sealed record PlanState
{
    /// <summary>Null before the first deploy.</summary>
    public int? BaseRevision { get; init; }

    /// <summary>The highest number given so far, be that revision current or not.</summary>
    public int LastRevision { get; init; }

    /// <summary>By name.</summary>
    public ImmutableArray<PlanStateHost> Hosts { get; init; } = [];

    /// <summary>Of the stack, retained ones included; by host and name.</summary>
    public ImmutableArray<PlanStateReplica> Replicas { get; init; } = [];

    public static PlanState Of(FleetSnapshot fleet, string stack, int? current, int lastRevision) => new()
    {
        BaseRevision = current,
        LastRevision = lastRevision,
        Hosts = [.. fleet.Hosts.Values.OrderBy(h => h.Name, StringComparer.Ordinal).Select(h => new PlanStateHost(h.Name, h.IsSchedulable))],
        Replicas =
        [
            .. fleet.Replicas(stack)
                .OrderBy(r => r.Host.Name, StringComparer.Ordinal)
                .ThenBy(r => r.Replica.Key.Service, StringComparer.Ordinal)
                .ThenBy(r => r.Replica.Key.Slot)
                .ThenBy(r => r.Replica.Key.Revision, StringComparer.Ordinal)
                .Select(r => new PlanStateReplica(r.Host.Name, r.Replica.Key.Service, r.Replica.Key.Slot, r.Replica.Key.Revision, r.Replica.State.ToString().ToLowerInvariant(), r.Replica.IsServing)),
        ],
    };

    /// <summary>What is different now, for people; empty when nothing is.</summary>
    public IEnumerable<string> DriftTo(PlanState now)
    {
        if (BaseRevision != now.BaseRevision)
        {
            yield return $"the stack is at {RevisionText(now.BaseRevision)}, and was at {RevisionText(BaseRevision)}";
        }
        else if (LastRevision != now.LastRevision)
        {
            yield return $"revisions up to {now.LastRevision} have been made since, and were up to {LastRevision}";
        }
        foreach (var host in Hosts.Concat(now.Hosts).Select(h => h.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (before, after) = (Hosts.FirstOrDefault(h => h.Name == host), now.Hosts.FirstOrDefault(h => h.Name == host));
            if (before is null || after is null)
            {
                yield return $"host {host} {(before is null ? "is new" : "has left the fleet")}";
            }
            else if (before.TakesReplicas != after.TakesReplicas)
            {
                yield return $"host {host} {(after.TakesReplicas ? "takes replicas again" : "takes no replicas any more")}";
            }
        }
        var (then, present) = (Replicas.ToDictionary(r => r.Id), now.Replicas.ToDictionary(r => r.Id));
        foreach (var gone in Replicas.Where(r => !present.ContainsKey(r.Id)))
        {
            yield return $"{gone} is gone";
        }
        foreach (var replica in now.Replicas)
        {
            if (!then.TryGetValue(replica.Id, out var before))
            {
                yield return $"{replica} is new";
            }
            else if (before != replica)
            {
                yield return $"{replica} {(before.State == replica.State ? replica.Serving ? "serves, and did not" : "does not serve any more" : $"is {replica.State}, and was {before.State}")}";
            }
        }
    }

    private static string RevisionText(int? revision) => revision is { } number ? string.Create(CultureInfo.InvariantCulture, $"revision {number}") : "no revision";
}

/// <param name="TakesReplicas">Its agent and its engine answer.</param>
public sealed record PlanStateHost(string Name, bool TakesReplicas);

/// <param name="State">Lower case: created, starting, running, restarting, exited, retained.</param>
public sealed record PlanStateReplica(string Host, string Service, int Slot, string Revision, string State, bool Serving)
{
    internal (string, string, int, string) Id => (Host, Service, Slot, Revision);

    public override string ToString() => $"replica {Service}.{Slot.ToString(CultureInfo.InvariantCulture)} ({Revision[..Math.Min(ReplicaKey.ShortRevisionLength, Revision.Length)]}) on {Host}";
}
