using System.Collections.Immutable;

namespace Orchestrator.Protocol;

public enum ReplicaStage
{
    Pull,
    Create,
    Start,

    /// <summary>Started, not ready yet.</summary>
    Gate,

    /// <summary>Ready, within the monitor time.</summary>
    Monitor,
    Stop,

    /// <summary>Passed, and not known to every ingress; or old, and not let go of.</summary>
    Traffic,

    /// <summary>The host does not answer.</summary>
    Host,
}

/// <summary>Why a replica failed, with all a person needs to see: it is shown inline.</summary>
public sealed record FailureReport
{
    /// <summary>How many of the container's last lines are carried.</summary>
    public const int LogLinesMax = 10;

    public required ReplicaStage Stage { get; init; }

    /// <summary>One sentence: what happened.</summary>
    public required string Message { get; init; }

    public int? ExitCode { get; init; }

    public bool OomKilled { get; init; }

    public int? ProbeExitCode { get; init; }

    public string? ProbeOutput { get; init; }

    public ImmutableArray<string> LogLines { get; init; } = [];
}
