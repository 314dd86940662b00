using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Changes;

/// <summary>What of a change's progress is worth keeping: not every step of a replica, and no signs of life. Pure.</summary>
internal static class StackEvents
{
    /// <summary>A container's log may be long; the lines that failed it are enough.</summary>
    private const int LogLinesMax = 10;

    public static IEnumerable<StackEvent> Of(ChangeEvent happened) => happened switch
    {
        ChangeEvent.Planned e => e.Plan.Services.Where(s => s.Action != ServiceAction.None).SelectMany(Of).Concat(e.Plan.Warnings.Select(Warning)),
        ChangeEvent.ServiceStarted e => [new StackEvent { Kind = StackEventKind.ServiceBegan, Service = e.Service, Message = $"{e.Service} begins: {Count(e.Slots)}" }],
        ChangeEvent.ServiceEnded e => [new StackEvent { Kind = StackEventKind.ServiceEnded, Service = e.Service, Message = EndOf(e) }],
        ChangeEvent.BatchStarted { Batches: > 1 } e => [new StackEvent { Kind = StackEventKind.BatchBegan, Service = e.Service, Message = $"{e.Service}: batch {e.Batch} of {e.Batches} begins, {Count(e.Slots)}" }],
        ChangeEvent.ReplicaMoved e when Step(e) is { } words => [Replica(StackEventKind.Replica, e.Service, e.Slot, e.Host, words, e.Revision)],
        ChangeEvent.ReplicaFailed e => [Failed(e)],
        ChangeEvent.Warning e => [Warning(e.Message)],
        ChangeEvent.Held e => [new StackEvent { Kind = StackEventKind.Held, Service = e.Service, Message = $"{e.Service} is held: {e.Message}" }],
        ChangeEvent.RollbackStarted e => [new StackEvent { Kind = StackEventKind.RollbackBegan, Service = e.Service, Revision = Known(e.ToRevision), Message = $"{e.Service} goes back{(e.ToRevision.Length == 0 ? ": it was not there before" : $" to {Short(e.ToRevision)}")}: {e.Reason}" }],
        _ => [],
    };

    /// <param name="revision">Of the replica that it tells of, where that is known.</param>
    public static StackEvent Replica(StackEventKind kind, string service, int slot, string? host, string words, string? revision = null) => new()
    {
        Kind = kind,
        Service = service,
        Slot = slot,
        Host = host,
        Revision = Known(revision),
        Message = $"{service}.{slot}{(string.IsNullOrEmpty(host) ? "" : $" on {host}")}: {words}",
    };

    private static IEnumerable<StackEvent> Of(ServicePlan service)
    {
        yield return new StackEvent { Kind = StackEventKind.Planned, Service = service.Service, Revision = Known(service.ToRevision), Message = $"{service.Service}: {service.Reason}; {Count(service.Slots.Length)}" };
        foreach (var slot in service.Slots.Where(s => s.Placement is not null))
        {
            yield return Replica(StackEventKind.Planned, service.Service, slot.Slot, slot.Host, $"{slot.Reason}; placed there: {slot.Placement}", service.ToRevision);
        }
    }

    private static StackEvent Failed(ChangeEvent.ReplicaFailed e) => Replica(StackEventKind.ReplicaFailed, e.Service, e.Slot, e.Host, $"failed: {e.Report.Message}", e.Revision) with
    {
        Report = e.Report.LogLines.Length > LogLinesMax ? e.Report with { LogLines = e.Report.LogLines[^LogLinesMax..] } : e.Report,
    };

    private static StackEvent Warning(string message) => new() { Kind = StackEventKind.Warning, Message = message };

    /// <summary>Null for the steps between.</summary>
    private static string? Step(ChangeEvent.ReplicaMoved e) => e.Phase switch
    {
        ReplicaStep.Starting => $"{Short(e.Revision)} starts",
        ReplicaStep.Published when e.Detail is null => $"{Short(e.Revision)} serves",
        ReplicaStep.Staged => $"{Short(e.Revision)} has passed and waits for the switch",
        ReplicaStep.OldStopped => $"{Short(e.Revision)} is stopped and kept",
        ReplicaStep.Removed => $"{Short(e.Revision)} is removed",
        ReplicaStep.Pulling or ReplicaStep.Creating or ReplicaStep.Gating or ReplicaStep.Monitoring or ReplicaStep.Passed or ReplicaStep.Published
            or ReplicaStep.OldDrained or ReplicaStep.StoppingOld or ReplicaStep.Failed => null,
    };

    private static string EndOf(ChangeEvent.ServiceEnded e)
    {
        var words = e.Outcome switch
        {
            ChangeOutcome.Done or ChangeOutcome.NothingToDo => "is done",
            ChangeOutcome.Paused => "is paused",
            ChangeOutcome.Failed => "has failed",
            ChangeOutcome.RolledBack => "is back",
            ChangeOutcome.Superseded => "is superseded",
            ChangeOutcome.Aborted => "is aborted",
            ChangeOutcome.Held => "is held",
        };
        return $"{e.Service} {words}{(e.Reason is null ? "" : $": {e.Reason}")}";
    }

    private static string? Known(string? revision) => string.IsNullOrEmpty(revision) ? null : Short(revision);

    private static string Short(string revision) => revision.Length <= ReplicaKey.ShortRevisionLength ? revision : revision[..ReplicaKey.ShortRevisionLength];

    private static string Count(int slots) => slots == 1 ? "1 replica" : $"{slots} replicas";
}
