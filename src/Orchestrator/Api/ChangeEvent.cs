using System.Text.Json.Serialization;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Api;

/// <summary>How a change ended; the command line's exit code follows from it alone.</summary>
public enum ChangeOutcome
{
    /// <summary>Exit code 0.</summary>
    Done,

    /// <summary>Exit code 0: nothing was dirty.</summary>
    NothingToDo,

    /// <summary>Exit code 1 for who follows the change, 0 for who asked for the pause.</summary>
    Paused,

    /// <summary>Exit code 1: ended with failed replicas (failure_action continue, or a rollback that failed, or an internal error).</summary>
    Failed,

    /// <summary>Exit code 3.</summary>
    RolledBack,

    /// <summary>Exit code 6.</summary>
    Superseded,

    /// <summary>Exit code 1 for the follower of an aborted change, 0 for who aborted.</summary>
    Aborted,

    /// <summary>Exit code 0: what does not wait for a promotion is done, and the change goes on when it is promoted.</summary>
    Held,
}

/// <summary>What happens during a change, in order; also the lines of <c>deploy --json</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Accepted), "accepted")]
[JsonDerivedType(typeof(Planned), "planned")]
[JsonDerivedType(typeof(ServiceStarted), "service-started")]
[JsonDerivedType(typeof(ServiceEnded), "service-ended")]
[JsonDerivedType(typeof(BatchStarted), "batch-started")]
[JsonDerivedType(typeof(ReplicaMoved), "replica")]
[JsonDerivedType(typeof(ReplicaFailed), "replica-failed")]
[JsonDerivedType(typeof(Held), "held")]
[JsonDerivedType(typeof(Promoted), "promoted")]
[JsonDerivedType(typeof(Waiting), "waiting")]
[JsonDerivedType(typeof(Warning), "warning")]
[JsonDerivedType(typeof(RollbackStarted), "rollback-started")]
[JsonDerivedType(typeof(Ended), "ended")]
public abstract record ChangeEvent
{
    public DateTimeOffset At { get; init; }

    /// <summary>The coordinator has journaled the change: from here on it goes on without its client.</summary>
    public sealed record Accepted(string Stack, string ChangeId, int TargetRevision) : ChangeEvent;

    public sealed record Planned(Plan Plan) : ChangeEvent;

    public sealed record ServiceStarted(string Service, ServiceAction Action, int Slots) : ChangeEvent;

    /// <param name="Succeeded">Slots whose new replica passed, or that were removed.</param>
    public sealed record ServiceEnded(string Service, ChangeOutcome Outcome, int Succeeded, int Failed, string? Reason) : ChangeEvent;

    /// <param name="Batch">From 1.</param>
    public sealed record BatchStarted(string Service, int Batch, int Batches, int Slots) : ChangeEvent;

    /// <param name="Phase">One of the words of <see cref="ReplicaStep"/>.</param>
    /// <param name="Detail">For people; null when there is nothing to add.</param>
    public sealed record ReplicaMoved(string Service, int Slot, string Host, string Revision, ReplicaStep Phase, string? Detail) : ChangeEvent;

    public sealed record ReplicaFailed(string Service, int Slot, string Host, string Revision, FailureReport Report) : ChangeEvent;

    /// <summary>A canary, or all that is to be switched to, is up and watched.</summary>
    /// <param name="Message">For people, without the service's name.</param>
    /// <param name="Until">When it is promoted; null: when somebody says so.</param>
    public sealed record Held(string Service, string Message, DateTimeOffset? Until) : ChangeEvent;

    /// <param name="OnRequest">Somebody said so; otherwise its time is over.</param>
    public sealed record Promoted(string Service, bool OnRequest) : ChangeEvent;

    /// <summary>Every few seconds while nothing else happens: what is waited for.</summary>
    public sealed record Waiting(string For, TimeSpan Since) : ChangeEvent;

    public sealed record Warning(string Message) : ChangeEvent;

    public sealed record RollbackStarted(string Service, string ToRevision, string Reason) : ChangeEvent;

    /// <param name="Message">One sentence for people, with what to do next when it is not Done.</param>
    public sealed record Ended(ChangeOutcome Outcome, int Revision, string Message) : ChangeEvent;
}

public enum ReplicaStep
{
    Pulling,
    Creating,
    Starting,
    Gating,
    Monitoring,
    Passed,

    /// <summary>Passed, and kept out of the traffic until all are switched to.</summary>
    Staged,

    /// <summary>Every ingress has it.</summary>
    Published,

    /// <summary>No ingress has it any more, and nothing is open to it.</summary>
    OldDrained,
    StoppingOld,
    OldStopped,
    Removed,
    Failed,
}
