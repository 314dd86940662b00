using System.Collections.Immutable;

namespace Orchestrator.Stacks;

public enum ServiceMode
{
    Replicated,

    /// <summary>One replica on every eligible host.</summary>
    Global,
}

public sealed record DeploySpec
{
    public ServiceMode Mode { get; init; }

    /// <summary>Default 1; 0 or more. Meaningless in global mode.</summary>
    public int Replicas { get; init; } = 1;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public UpdateSpec Update { get; init; } = new();

    /// <summary>Same defaults as <see cref="Update"/>.</summary>
    public UpdateSpec Rollback { get; init; } = new();

    public PlacementSpec Placement { get; init; } = new();

    /// <summary><c>x-orchestrator.progress_deadline</c>: the longest a replica may take to pass its gate. Default 10 min.</summary>
    public TimeSpan ProgressDeadline { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary><c>x-orchestrator.retain</c>: stopped containers of earlier revisions kept per slot for rollback. Default 1.</summary>
    public int Retain { get; init; } = 1;

    /// <summary><c>x-orchestrator.drain_timeout</c>: the longest an old replica's open connections may take to end before it is stopped. Default 10 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>x-orchestrator.strategy</c>. Default rolling.</summary>
    public StrategySpec Strategy { get; init; } = new();
}

public enum UpdateOrder
{
    StopFirst,
    StartFirst,
}

public enum FailureAction
{
    Pause,
    Continue,
    Rollback,
}

/// <summary><c>update_config</c> and <c>rollback_config</c>, with Swarm's defaults.</summary>
public sealed record UpdateSpec
{
    /// <summary>0 = all at once. Default 1.</summary>
    public int Parallelism { get; init; } = 1;

    public TimeSpan Delay { get; init; }

    public FailureAction FailureAction { get; init; }

    /// <summary>How long a replica must run without exit or unhealthy before it passes. Default 5 s.</summary>
    public TimeSpan Monitor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>0 to 1; the action fires when failed/total is above it.</summary>
    public double MaxFailureRatio { get; init; }

    public UpdateOrder Order { get; init; }
}

public sealed record PlacementSpec
{
    public ImmutableArray<ConstraintSpec> Constraints { get; init; } = [];

    /// <summary>0 = unlimited.</summary>
    public int MaxReplicasPerHost { get; init; }

    /// <summary>The label keys of <c>preferences: - spread: node.labels.zone</c>, outermost first.</summary>
    public ImmutableArray<string> SpreadBy { get; init; } = [];
}

/// <summary><c>node.labels.zone==a</c>. Comparison is case-insensitive, as in Swarm.</summary>
/// <param name="Key"><c>node.hostname</c>, <c>node.id</c>, <c>node.ip</c>, <c>node.role</c>, <c>node.platform.os</c>, <c>node.platform.arch</c>, <c>node.labels.*</c> or <c>engine.labels.*</c>.</param>
/// <param name="Equal">true for <c>==</c>, false for <c>!=</c>.</param>
/// <param name="Value">What the key is compared with.</param>
public sealed record ConstraintSpec(string Key, bool Equal, string Value);
