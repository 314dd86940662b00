using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orchestrator.Traffic;

namespace Orchestrator.Protocol;

public enum ReplicaPhase
{
    Pulling,
    Creating,
    Starting,

    /// <summary>Started, waiting to be ready.</summary>
    Gating,

    /// <summary>Ready, waiting for the monitor time to pass.</summary>
    Monitoring,
    Stopping,
}

/// <summary>Agent → coordinator. What is lost with a link is made good by the inventory sent on the next connect and by repeated commands.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(InventoryReported), "inventory")]
[JsonDerivedType(typeof(ReplicaChanged), "replica-changed")]
[JsonDerivedType(typeof(ReplicaGone), "replica-gone")]
[JsonDerivedType(typeof(ReplicaProgressed), "replica-progressed")]
[JsonDerivedType(typeof(ReplicaPrepared), "replica-prepared")]
[JsonDerivedType(typeof(ReplicaReady), "replica-ready")]
[JsonDerivedType(typeof(ReplicaPassed), "replica-passed")]
[JsonDerivedType(typeof(ReplicaFailed), "replica-failed")]
[JsonDerivedType(typeof(ReplicaStopped), "replica-stopped")]
[JsonDerivedType(typeof(ImageResolved), "image-resolved")]
[JsonDerivedType(typeof(StackRemoved), "stack-removed")]
[JsonDerivedType(typeof(LogLines), "log-lines")]
[JsonDerivedType(typeof(LogsEnded), "logs-ended")]
[JsonDerivedType(typeof(TrafficApplied), "traffic-applied")]
[JsonDerivedType(typeof(TrafficMissed), "traffic-missed")]
[JsonDerivedType(typeof(TrafficCounted), "traffic-counted")]
[JsonDerivedType(typeof(Preflighted), "preflighted")]
public abstract record AgentEvent
{
    /// <summary>Everything: replaces what the coordinator knew of the host. Sent on connect, on request, and when the engine comes back.</summary>
    public sealed record InventoryReported(HostFacts Facts, ImmutableArray<ReplicaSnapshot> Replicas) : AgentEvent
    {
        /// <summary>The agent, or a part of it, has begun anew and knows nothing of what it was told on this connection: it is sent as on a connect.</summary>
        public bool HasForgotten { get; init; }
    }

    /// <summary>A container of ours appeared or changed.</summary>
    public sealed record ReplicaChanged(ReplicaSnapshot Replica) : AgentEvent;

    public sealed record ReplicaGone(ReplicaKey Key) : AgentEvent;

    /// <param name="Detail">For people: <c>3 of 5 layers</c>, <c>probe: connection refused</c>; or null.</param>
    public sealed record ReplicaProgressed(string CommandId, ReplicaKey Key, ReplicaPhase Phase, string? Detail) : AgentEvent;

    public sealed record ReplicaPrepared(string CommandId, ReplicaKey Key) : AgentEvent;

    public sealed record ReplicaReady(string CommandId, ReplicaKey Key) : AgentEvent;

    public sealed record ReplicaPassed(string CommandId, ReplicaKey Key) : AgentEvent;

    public sealed record ReplicaFailed(string CommandId, ReplicaKey Key, FailureReport Report) : AgentEvent;

    public sealed record ReplicaStopped(string CommandId, ReplicaKey Key) : AgentEvent;

    public sealed record ImageResolved : AgentEvent
    {
        public required string CommandId { get; init; }

        /// <summary>What containers are created from: <c>repo:tag@sha256:…</c>, or <c>sha256:…</c> (an image id) when it exists only on this host; null on failure.</summary>
        public string? Pinned { get; init; }

        /// <summary>True when <see cref="Pinned"/> is an image id of this host.</summary>
        public bool LocalOnly { get; init; }

        /// <summary>True when the image itself brings a healthcheck (known only if it is on the host).</summary>
        public bool HasHealthcheck { get; init; }

        /// <summary>Said to the user though the resolution succeeded: <c>registry not reachable, using the local image</c>.</summary>
        public string? Warning { get; init; }

        /// <summary>Null on success.</summary>
        public string? Error { get; init; }

        /// <summary>True when the registry answered, and said that it has no such image or gives it to nobody here: a pull will fail for good.</summary>
        public bool IsMissing { get; init; }
    }

    /// <param name="Error">Null on success; else what could not be removed and why.</param>
    public sealed record StackRemoved(string CommandId, string? Error) : AgentEvent;

    /// <param name="Lines">At most 100 lines or 64 KiB, whichever comes first.</param>
    public sealed record LogLines(string CommandId, ImmutableArray<LogEntry> Lines) : AgentEvent;

    /// <param name="Error">Null when the log simply ended.</param>
    public sealed record LogsEnded(string CommandId, string? Error) : AgentEvent;

    /// <summary>Where the host's sinks stand with a stack's table: the whole state, so that a lost one is made good by the next.</summary>
    public sealed record TrafficApplied : AgentEvent
    {
        public required string CommandId { get; init; }

        public required string Stack { get; init; }

        /// <summary>The newest version that every sink of the host shows; 0 for none.</summary>
        public required long Version { get; init; }

        /// <summary>Endpoints (<see cref="Endpoint.Id"/>) of the newest table that drain and have no open connection left here, or had their time.</summary>
        public ImmutableArray<string> Drained { get; init; } = [];

        /// <summary>Why the newest table is not shown yet; the agent goes on trying.</summary>
        public ImmutableArray<TrafficProblem> Problems { get; init; } = [];
    }

    /// <summary>Of the table that was to be changed the agent has another version or none: it is to be sent whole.</summary>
    public sealed record TrafficMissed(string CommandId) : AgentEvent;

    /// <summary>Totals so far; they begin anew with each process of the ingress, so only a rise between two answers means anything.</summary>
    public sealed record TrafficCounted : AgentEvent
    {
        public required string CommandId { get; init; }

        public ImmutableArray<EndpointTally> Endpoints { get; init; } = [];

        /// <summary>Why there is nothing to tell; null when it was counted.</summary>
        public string? Error { get; init; }
    }

    public sealed record Preflighted : AgentEvent
    {
        public required string CommandId { get; init; }

        /// <summary>Empty when nothing stands in the way.</summary>
        public ImmutableArray<PreflightProblem> Problems { get; init; } = [];
    }
}

/// <param name="Subject"><c>service web</c>; empty for the host as a whole.</param>
/// <param name="Message">What, why, and what to do.</param>
/// <param name="IsWarning">It may go well all the same.</param>
public sealed record PreflightProblem(string Subject, string Message, bool IsWarning);

/// <param name="Id"><see cref="Endpoint.Id"/>.</param>
/// <param name="Requests">HTTP requests, answered or not; connections where HTTP is not spoken.</param>
/// <param name="Errors">Of these: answers of 500 and above, connections that failed, answers that broke off.</param>
/// <param name="Latencies">Answers by <see cref="LatencyBuckets"/>; empty where response times are not watched.</param>
public sealed record EndpointTally(string Id, long Requests, long Errors, ImmutableArray<long> Latencies);

/// <param name="Sink"><c>ingress</c>, <c>names</c>, <c>template nginx.toml</c>, …</param>
/// <param name="Message">What, why, and what to do.</param>
/// <param name="IsFinal">Trying again cannot help: a port that another program has, an image that nobody has.</param>
public sealed record TrafficProblem(string Sink, string Message, bool IsFinal);

/// <param name="IsError">From stderr.</param>
public sealed record LogEntry(bool IsError, string Text);
