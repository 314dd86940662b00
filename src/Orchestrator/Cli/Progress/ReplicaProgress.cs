using Orchestrator.Api;

namespace Orchestrator.Cli.Progress;

/// <summary>Where one slot of a service is.</summary>
/// <param name="Since">When the step was entered.</param>
/// <param name="Detail">For people; what is waited for.</param>
internal sealed record ReplicaProgress(int Slot, string Host, ReplicaStep Step, DateTimeOffset Since, string? Detail)
{
    /// <summary>The slot has what the plan wants of it; the old one may still be on its way out.</summary>
    public bool Passed => Step is ReplicaStep.Passed or ReplicaStep.Staged or ReplicaStep.Published or ReplicaStep.OldDrained or ReplicaStep.StoppingOld or ReplicaStep.OldStopped or ReplicaStep.Removed;
}
