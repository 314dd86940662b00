using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

public enum ServiceAction
{
    None,
    Create,
    Update,

    /// <summary>Only the number of replicas changes.</summary>
    Scale,

    /// <summary>Replicas that are missing, failed or misplaced are brought back; the specification is unchanged.</summary>
    Repair,
    Remove,
}

public enum SlotAction
{
    Create,
    Replace,
    Remove,
}

/// <summary>What a deploy will do, and nothing but that: shown by <c>plan</c>, journaled, executed.</summary>
public sealed record Plan
{
    public required string Stack { get; init; }

    /// <summary>The stack revision that is current; null on the first deploy.</summary>
    public int? BaseRevision { get; init; }

    /// <summary>The stack revision this plan leads to; equal to <see cref="BaseRevision"/> when the specification is unchanged.</summary>
    public required int TargetRevision { get; init; }

    /// <summary>In dependency order, code-point order among equals. Services with nothing to do are included, with action None.</summary>
    public ImmutableArray<ServicePlan> Services { get; init; } = [];

    /// <summary>Said before anything is done: a fallback to stop-first, an image that exists on one host only, a host that is down.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    public bool IsEmpty => Services.All(s => s.Action == ServiceAction.None);
}

public sealed record ServicePlan
{
    public required string Service { get; init; }

    public required ServiceAction Action { get; init; }

    /// <summary>For people: <c>environment changed</c>, <c>image hello:v1 → hello:v2</c>, <c>2 of 3 replicas are missing</c>.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The service's current revision; null when it is new.</summary>
    public string? FromRevision { get; init; }

    /// <summary>Empty when the service is removed.</summary>
    public string ToRevision { get; init; } = "";

    /// <summary>The policy by which the slots change, fallbacks applied.</summary>
    public UpdateSpec Policy { get; init; } = new();

    /// <summary>A batch begins only when the old replicas of those before have stopped: their hosts have room for one batch of them beside the new ones.</summary>
    public bool WaitsForOld { get; init; }

    /// <summary>The longest a replica may take to pass its gate.</summary>
    public TimeSpan ProgressDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The longest an old replica's open connections are waited for.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Batches are judged by their traffic; null: they are not. Never on a way back, under repair, or where there is nothing old to compare with.</summary>
    public SloSpec? Slo { get; init; }

    /// <summary>How the update departs from batch after batch; null: it does not.</summary>
    public StrategyPlan? Strategy { get; init; }

    /// <summary>Stopped containers kept per slot.</summary>
    public int Retain { get; init; } = 1;

    /// <summary>In the order they are worked: not running first.</summary>
    public ImmutableArray<SlotPlan> Slots { get; init; } = [];

    /// <summary>Services of this plan that come first, with what is waited for.</summary>
    public ImmutableArray<DependencySpec> After { get; init; } = [];
}

/// <param name="Kind">Canary or BlueGreen.</param>
/// <param name="First">How many slots are worked before it is held.</param>
/// <param name="Hold">How long it is held; null: until somebody promotes it.</param>
public sealed record StrategyPlan(StrategyKind Kind, int First, TimeSpan? Hold);

public sealed record SlotPlan
{
    public required int Slot { get; init; }

    public required SlotAction Action { get; init; }

    /// <summary>Where the new replica goes; null for Remove.</summary>
    public string? Host { get; init; }

    /// <summary>Where the slot has what is wanted already, and loses only what is left beside it; null where it is replaced, or goes away.</summary>
    public string? KeptHost { get; init; }

    /// <summary>What the slot has now and will lose.</summary>
    public ImmutableArray<Placement> Old { get; init; } = [];

    /// <summary>Stopped containers of earlier revisions that are more than the service retains: removed when the slot is done.</summary>
    public ImmutableArray<Placement> Prune { get; init; } = [];

    /// <summary>For people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Why there, for people; null where the host was given: the replica was there before, or the service has one on every host.</summary>
    public string? Placement { get; init; }

    /// <summary>Its replica has ended or is unhealthy, as opposed to removed by somebody or lost with its host.</summary>
    public bool IsAfterEnd { get; init; }
}

/// <summary>One replica's container on a host.</summary>
/// <param name="Serving">It was healthy when the plan was made, of a revision that was good: worth keeping for a way back.</param>
public sealed record Placement(string Host, string Revision, bool Serving);
