using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Protocol;

/// <summary>Coordinator → agent. Delivered at least once: the same <see cref="CommandId"/> or the same target a second time does no more than answer again.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(PrepareReplica), "prepare-replica")]
[JsonDerivedType(typeof(StartReplica), "start-replica")]
[JsonDerivedType(typeof(StopReplica), "stop-replica")]
[JsonDerivedType(typeof(ResolveImage), "resolve-image")]
[JsonDerivedType(typeof(RemoveStack), "remove-stack")]
[JsonDerivedType(typeof(OpenLogs), "open-logs")]
[JsonDerivedType(typeof(CreditLogs), "credit-logs")]
[JsonDerivedType(typeof(CloseLogs), "close-logs")]
[JsonDerivedType(typeof(ReportInventory), "report-inventory")]
[JsonDerivedType(typeof(BeginTraffic), "begin-traffic")]
[JsonDerivedType(typeof(ApplyTraffic), "apply-traffic")]
[JsonDerivedType(typeof(ChangeTraffic), "change-traffic")]
[JsonDerivedType(typeof(CountTraffic), "count-traffic")]
[JsonDerivedType(typeof(Preflight), "preflight")]
public abstract record AgentCommand
{
    /// <summary>Chosen by the coordinator, the same for a repetition; every answer carries it.</summary>
    public required string CommandId { get; init; }

    /// <summary>Pull the image so that a following start is quick. Answers: <see cref="AgentEvent.ReplicaProgressed"/>*, then <see cref="AgentEvent.ReplicaPrepared"/> or <see cref="AgentEvent.ReplicaFailed"/>.</summary>
    public sealed record PrepareReplica : AgentCommand
    {
        public required ReplicaKey Key { get; init; }

        public required ReplicaSpec Spec { get; init; }
    }

    /// <summary>
    /// Make the replica run and watch it through its gate: pull if missing, create if missing (networks and volumes first), start if stopped.
    /// A retained container of the key is started again as it is. Answers: <see cref="AgentEvent.ReplicaProgressed"/>*, <see cref="AgentEvent.ReplicaReady"/>,
    /// then <see cref="AgentEvent.ReplicaPassed"/> or <see cref="AgentEvent.ReplicaFailed"/>; at once when it has passed already.
    /// After a failure the container is stopped and kept, for its logs, until a <see cref="StopReplica"/> removes it.
    /// </summary>
    public sealed record StartReplica : AgentCommand
    {
        public required ReplicaKey Key { get; init; }

        public required ReplicaSpec Spec { get; init; }
    }

    /// <summary>Stop (signal, grace, kill) and then keep or remove. Ends a start that is under way. Answers <see cref="AgentEvent.ReplicaStopped"/>, also when there was nothing to stop, or <see cref="AgentEvent.ReplicaFailed"/> at stage Stop.</summary>
    public sealed record StopReplica : AgentCommand
    {
        public required ReplicaKey Key { get; init; }

        /// <summary>The container's own stop grace period when null.</summary>
        public TimeSpan? Grace { get; init; }

        /// <summary>True: keep the stopped container, with no restart policy, for rollback. False: remove it and its anonymous volumes.</summary>
        public bool Retain { get; init; }
    }

    /// <summary>Answers <see cref="AgentEvent.ImageResolved"/>.</summary>
    public sealed record ResolveImage : AgentCommand
    {
        public required string Reference { get; init; }

        public PullPolicy Policy { get; init; }
    }

    /// <summary>Remove what is left of a stack on this host: all its containers and the networks named (volumes stay, as with Compose). Answers <see cref="AgentEvent.StackRemoved"/>.</summary>
    public sealed record RemoveStack : AgentCommand
    {
        public required string Stack { get; init; }

        /// <summary>Engine names of the stack's own networks; external ones are not in it.</summary>
        public ImmutableArray<string> Networks { get; init; } = [];

        /// <summary>Engine names; empty unless the user asked for it.</summary>
        public ImmutableArray<string> Volumes { get; init; } = [];
    }

    /// <summary>Start a stream of log lines, named by <see cref="AgentCommand.CommandId"/>. Answers <see cref="AgentEvent.LogLines"/>* within the credit, then <see cref="AgentEvent.LogsEnded"/>.</summary>
    public sealed record OpenLogs : AgentCommand
    {
        public required string ContainerId { get; init; }

        public bool Follow { get; init; }

        public int? Tail { get; init; }

        public DateTimeOffset? Since { get; init; }

        public bool Timestamps { get; init; }

        /// <summary>How many <see cref="AgentEvent.LogLines"/> may be sent before a <see cref="CreditLogs"/>: the bound on what waits between here and the reader.</summary>
        public int Credit { get; init; } = 16;
    }

    public sealed record CreditLogs : AgentCommand
    {
        public required int Credit { get; init; }
    }

    public sealed record CloseLogs : AgentCommand;

    /// <summary>Answers <see cref="AgentEvent.InventoryReported"/>.</summary>
    public sealed record ReportInventory : AgentCommand;

    /// <summary>
    /// Sent first on every connect: the stacks whose tables follow. Nothing is shown or taken away before all of them are here, so that a new agent
    /// does not empty an ingress that serves. Not answered.
    /// </summary>
    public sealed record BeginTraffic : AgentCommand
    {
        public ImmutableArray<string> Stacks { get; init; } = [];
    }

    /// <summary>
    /// Show this table; a newer one of the stack replaces it. Answers <see cref="AgentEvent.TrafficApplied"/>, again whenever what it says changes. Kept and
    /// repeated on every connect.
    /// </summary>
    public sealed record ApplyTraffic : AgentCommand
    {
        [JsonConverter(typeof(TrafficTableConverter))]
        public required TrafficTable Table { get; init; }

        /// <summary>This host's part of each of the stack's networks that span hosts.</summary>
        public ImmutableArray<OverlaySlice> Overlays { get; init; } = [];

        /// <summary>All hosts of these networks, the receiver among them: the same list goes to each.</summary>
        [JsonConverter(typeof(OverlayPeersConverter))]
        public ImmutableArray<OverlayPeer> Peers { get; init; } = [];

        /// <summary>Those the table's routes name.</summary>
        public ImmutableArray<CertificateFile> Certificates { get; init; } = [];

        /// <summary>Engine names of the networks that the stack's file has: others of the stack's go once no container uses them. Null: not said, and all stay.</summary>
        public ImmutableArray<string>? Networks { get; init; }
    }

    /// <summary>
    /// In place of an <see cref="ApplyTraffic"/> with the same id that has nothing new but this of its table. Answers as that does; or
    /// <see cref="AgentEvent.TrafficMissed"/> when the agent does not have the version that it is a change of. Only to agents with <see cref="HostFacts.TakesTableChanges"/>.
    /// </summary>
    public sealed record ChangeTraffic : AgentCommand
    {
        [JsonConverter(typeof(TableChangeConverter))]
        public required TableChange Change { get; init; }
    }

    /// <summary>What has this host's ingress counted of the stack's endpoints? Answers <see cref="AgentEvent.TrafficCounted"/>. Not repeated on a reconnect: whoever asks waits for seconds only.</summary>
    public sealed record CountTraffic : AgentCommand
    {
        public required string Stack { get; init; }
    }

    /// <summary>Could this host take what is planned for it? Changes nothing. Answers <see cref="AgentEvent.Preflighted"/> within a few seconds. Not repeated on a reconnect: whoever asks goes on without.</summary>
    public sealed record Preflight : AgentCommand
    {
        public required string Stack { get; init; }

        /// <summary>Those that are to get replicas here.</summary>
        public ImmutableArray<PreflightService> Services { get; init; } = [];

        /// <summary>What the host's ingress is to listen on.</summary>
        public ImmutableArray<PreflightListener> Listeners { get; init; } = [];
    }
}

/// <param name="Spec">Without what only matters to the process inside: environment, command, labels.</param>
/// <param name="Keys">The replicas that are to be made.</param>
public sealed record PreflightService(string Service, ReplicaSpec Spec, ImmutableArray<ReplicaKey> Keys);

/// <param name="HostIp">Null: all of the host's addresses.</param>
public sealed record PreflightListener(string Service, string? HostIp, int Port);
