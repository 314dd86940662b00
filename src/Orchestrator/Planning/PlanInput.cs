using System.Collections.Immutable;

namespace Orchestrator.Planning;

/// <summary>All a plan is made from; the same input gives the same plan.</summary>
public sealed record PlanInput
{
    public required string Stack { get; init; }

    /// <summary>What runs now by desire; null on the first deploy.</summary>
    public StackRevision? Current { get; init; }

    public required StackRevision Target { get; init; }

    public required FleetSnapshot Fleet { get; init; }

    /// <summary>
    /// Service revisions that once were good. A stopped container of any other is what a failed update left behind, not something to go back to;
    /// null keeps them all.
    /// </summary>
    public ImmutableHashSet<string>? GoodRevisions { get; init; }

    /// <summary>By service, the revision that it stood at last: where another's replicas take traffic beside it, a blue-green switches from this one; empty when nothing has stood before.</summary>
    public ImmutableDictionary<string, string> StandsAt { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Replicas that take no traffic, whether they run or not, as <see cref="Traffic.TrafficTables.Id"/>: drained, or left out until a switch.</summary>
    public ImmutableHashSet<string> OutOfTraffic { get; init; } = ImmutableHashSet<string>.Empty;

    /// <summary>Empty = all services.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    /// <summary>Take each service's <c>rollback_config</c> instead of its <c>update_config</c>.</summary>
    public bool IsRollback { get; init; }

    /// <summary>Self-heal: replicas that exist but do not serve are left to the engine's restart policy; only missing, surplus and outdated ones count.</summary>
    public bool IsRepair { get; init; }

    /// <summary>Under repair: where slots are being brought already, by service and slot. Nothing of it need be seen on the host yet.</summary>
    public ImmutableDictionary<(string Service, int Slot), string> UnderWay { get; init; } = ImmutableDictionary<(string Service, int Slot), string>.Empty;
}

/// <summary>Either a plan, or every reason why there is none; nothing has been changed. A repair's plan comes with both: what it can bring back, and why the rest has to wait.</summary>
public sealed record PlanResult(Plan? Plan, ImmutableArray<string> Errors);
