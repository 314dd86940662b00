using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Simulation;

/// <summary>How the trace puts things.</summary>
internal static class Words
{
    private static readonly HashSet<string> Changing =
    [
        nameof(IEngine.CreateContainerAsync), nameof(IEngine.StartContainerAsync), nameof(IEngine.StopContainerAsync), nameof(IEngine.KillContainerAsync),
        nameof(IEngine.RemoveContainerAsync), nameof(IEngine.PullImageAsync), nameof(IEngine.UpdateRestartPolicyAsync),
    ];

    public static bool Changes(string operation) => Changing.Contains(operation);

    public static string Container(SimHost host, string subject) => host.Find(subject)?.Name ?? subject;

    public static string Of(AgentEvent happened) => happened switch
    {
        AgentEvent.InventoryReported e => $"inventory: {string.Join(' ', e.Replicas.Select(Replica))}{(e.Facts.EngineError is null ? "" : " (engine does not answer)")}",
        AgentEvent.ReplicaChanged e => $"changed {Replica(e.Replica)}",
        AgentEvent.ReplicaGone e => $"gone {e.Key.ContainerName}",
        AgentEvent.ReplicaProgressed e => $"progress {e.CommandId} {e.Phase} {e.Detail}",
        AgentEvent.ReplicaFailed e => $"failed {e.CommandId} {e.Report.Stage}: {e.Report.Message}",
        AgentEvent.TrafficApplied e => string.Create(CultureInfo.InvariantCulture, $"applied {e.Stack} v{e.Version} drained [{string.Join(' ', e.Drained)}]{(e.Problems.IsEmpty ? "" : " hindered")}"),
        AgentEvent.ReplicaPrepared e => $"prepared {e.CommandId}",
        AgentEvent.ReplicaReady e => $"ready {e.CommandId}",
        AgentEvent.ReplicaPassed e => $"passed {e.CommandId}",
        AgentEvent.ReplicaStopped e => $"stopped {e.CommandId}",
        AgentEvent.ImageResolved e => $"resolved {e.CommandId} {e.Pinned ?? e.Error}",
        AgentEvent.StackRemoved e => $"stack removed {e.CommandId} {e.Error}",
        _ => happened.GetType().Name,
    };

    public static string Of(ChangeEvent happened) => happened switch
    {
        ChangeEvent.Accepted e => $"accepted {e.ChangeId} to revision {e.TargetRevision}",
        ChangeEvent.Planned e => $"planned {string.Join(", ", e.Plan.Services.Select(s => $"{s.Service} {s.Action} [{string.Join(' ', s.Slots.Select(slot => $"{slot.Slot}:{slot.Action}@{slot.Host}"))}]"))}",
        ChangeEvent.ServiceEnded e => $"service {e.Service} ended: {e.Outcome} {e.Reason}",
        ChangeEvent.ReplicaMoved e => string.Create(CultureInfo.InvariantCulture, $"{e.Service}.{e.Slot} on {e.Host}: {e.Phase} {e.Detail}"),
        ChangeEvent.ReplicaFailed e => string.Create(CultureInfo.InvariantCulture, $"{e.Service}.{e.Slot} on {e.Host} failed: {e.Report.Message}"),
        ChangeEvent.Waiting e => $"waits for {e.For}",
        ChangeEvent.Warning e => $"warning {e.Message}",
        ChangeEvent.RollbackStarted e => $"rollback of {e.Service}: {e.Reason}",
        ChangeEvent.Ended e => $"ended {e.Outcome} at revision {e.Revision}: {e.Message}",
        _ => happened.GetType().Name,
    };

    private static string Replica(ReplicaSnapshot replica) => $"{replica.ContainerName}={replica.State}{(replica.Health == ReplicaHealth.None ? "" : "/" + replica.Health)}";
}
