using Orchestrator.Protocol;

namespace Orchestrator.Api;

public enum StackEventKind
{
    /// <summary>A change was accepted: what, by whom, from which revision to which.</summary>
    ChangeBegan,
    ChangePaused,
    ChangeEnded,

    /// <summary>Somebody asked for something about the change under way: pause, resume, abort.</summary>
    Asked,

    /// <summary>A coordinator that was started anew, or another command, goes on with the change from its record.</summary>
    ChangeTakenUp,

    /// <summary>Why a service changes, and where its new replicas go.</summary>
    Planned,
    ServiceBegan,
    ServiceEnded,
    BatchBegan,
    Replica,
    ReplicaFailed,
    RollbackBegan,

    /// <summary>A rollout waits for its promotion.</summary>
    Held,
    Warning,

    /// <summary>A replica is brought back between changes, and why.</summary>
    RepairBegan,
    RepairEnded,

    /// <summary>A replica ends over and over.</summary>
    CrashLoop,
    HostLost,
    HostReturned,

    /// <summary>The host is there, and its engine does not answer.</summary>
    EngineLost,
    EngineReturned,
    Maintenance,

    /// <summary>A fault of the coordinator's own.</summary>
    Fault,
}

/// <summary>Something that has happened to a stack, kept for who asks later. Also a line of <c>events --json</c>.</summary>
public sealed record StackEvent
{
    /// <summary>Counts the stack's events from 1; earlier ones are forgotten in time.</summary>
    public long Number { get; init; }

    public DateTimeOffset At { get; init; }

    public string Stack { get; init; } = "";

    public required StackEventKind Kind { get; init; }

    public string? Service { get; init; }

    public int? Slot { get; init; }

    public string? Host { get; init; }

    /// <summary>The service's revision, as short as containers' names have it, of whose replica it tells; null where it tells of none, and in events of earlier releases.</summary>
    public string? Revision { get; init; }

    /// <summary>Who asked for it, where somebody did and is known.</summary>
    public string? By { get; init; }

    /// <summary>One sentence for people.</summary>
    public required string Message { get; init; }

    /// <summary>Of a replica that failed.</summary>
    public FailureReport? Report { get; init; }
}

public sealed record EventsQuery
{
    /// <summary>Null: all stacks.</summary>
    public string? Stack { get; init; }

    /// <summary>Only what has happened since then.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Go on with what happens from now on, until cancelled.</summary>
    public bool Follow { get; init; }
}
