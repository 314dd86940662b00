namespace Orchestrator.Stacks;

public enum StrategyKind
{
    /// <summary>Batch after batch.</summary>
    Rolling,

    /// <summary>A few replicas first, which are watched before the rest follows.</summary>
    Canary,

    /// <summary>All new replicas beside the old ones and out of the traffic, which then is switched at once.</summary>
    BlueGreen,
}

/// <summary><c>x-orchestrator.strategy</c>: how an update of a service that serves is done. What creates, scales, repairs or goes back is rolling.</summary>
public sealed record StrategySpec
{
    /// <summary>Before a canary is promoted without anybody's word.</summary>
    public static readonly TimeSpan CanaryHold = TimeSpan.FromMinutes(1);

    public StrategyKind Kind { get; init; }

    /// <summary>Canary: how many replicas are first. Null: as <see cref="Percent"/> says, or 1.</summary>
    public int? Replicas { get; init; }

    /// <summary>Canary: 1 to 100, how large a part of the replicas is first; rounded up. Null: as <see cref="Replicas"/> says.</summary>
    public int? Percent { get; init; }

    /// <summary>How long what is new is watched before it is promoted. Null: <see cref="CanaryHold"/> for a canary, no time for blue-green.</summary>
    public TimeSpan? Hold { get; init; }

    /// <summary><c>promote: manual</c>: it is watched until somebody promotes it.</summary>
    public bool IsManual { get; init; }

    /// <summary>How many of the replicas that change are first.</summary>
    public int FirstOf(int replicas) => Kind switch
    {
        StrategyKind.Canary => Math.Min(replicas, Percent is { } percent ? ((replicas * percent) + 99) / 100 : Replicas ?? 1),
        StrategyKind.Rolling or StrategyKind.BlueGreen => replicas,
    };

    /// <summary>Null: until somebody promotes it.</summary>
    public TimeSpan? HeldFor() => IsManual ? null : Hold ?? (Kind == StrategyKind.Canary ? CanaryHold : TimeSpan.Zero);
}
