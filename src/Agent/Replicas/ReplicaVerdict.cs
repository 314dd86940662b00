namespace Orchestrator.Agent.Replicas;

/// <summary>Where a replica stands by the agent's own doing. After an agent's restart it is unknown, and labels and restart policy decide instead.</summary>
internal enum ReplicaStanding
{
    Unknown,

    /// <summary>A start is under way.</summary>
    InGate,
    Passed,
    Failed,

    /// <summary>Being stopped, or stopped, to be kept.</summary>
    Retained,
}

/// <param name="Standing">See <see cref="ReplicaStanding"/>.</param>
/// <param name="VerifiedStart">The start (the engine's time) whose health our own probe has confirmed; null for none.</param>
/// <param name="KeptStart">The last start of a kept container that is about to be started again: until a newer one is seen, it is still the kept one.</param>
internal sealed record ReplicaVerdict(ReplicaStanding Standing, DateTimeOffset? VerifiedStart = null, DateTimeOffset? KeptStart = null)
{
    public static ReplicaVerdict Unknown { get; } = new(ReplicaStanding.Unknown);
}
