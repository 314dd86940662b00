using Orchestrator.Api;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;
using Orchestrator.Planning;

namespace Orchestrator.Cli.Progress;

/// <summary>Events of a change as lines; without times, so that two runs of the same change can be compared.</summary>
internal static class ProgressText
{
    public static IEnumerable<string> Lines(ChangeEvent change, Paint paint) => change switch
    {
        ChangeEvent.Accepted accepted => [$"{accepted.Stack}: accepted, revision {accepted.TargetRevision}"],
        ChangeEvent.Planned planned => Planned(planned.Plan, paint),
        ChangeEvent.ServiceStarted started => [$"{started.Service}: {Doing(started.Action)} {Words.Count(started.Slots, "replica")}"],
        ChangeEvent.BatchStarted { Batches: > 1 } batch => [$"{batch.Service}: batch {batch.Batch} of {batch.Batches}, {Words.Count(batch.Slots, "replica")}"],
        ChangeEvent.BatchStarted => [],
        ChangeEvent.ReplicaMoved moved => [Replica(moved.Service, new(moved.Slot, moved.Host, moved.Phase, moved.At, moved.Detail), paint)],
        ChangeEvent.ReplicaFailed failed => FailureText.Lines($"{failed.Service}.{failed.Slot}", failed.Host, failed.Report, paint),
        ChangeEvent.Held held => [$"{held.Service}: {paint.Of(Tone.Busy, VisibleText.Line(held.Message))}"],
        ChangeEvent.Promoted promoted => [$"{promoted.Service}: promoted{(promoted.OnRequest ? "" : ", its hold is over")}"],
        ChangeEvent.Waiting waiting => [paint.Of(Tone.Quiet, $"waiting for {VisibleText.Line(waiting.For)} ({DurationText.Of(waiting.Since)})")],
        ChangeEvent.Warning warning => [paint.Of(Tone.Busy, "warning:") + " " + VisibleText.Line(warning.Message)],
        ChangeEvent.RollbackStarted rollback => [paint.Of(Tone.Busy, $"{rollback.Service}: rolling back to {Words.Short(rollback.ToRevision)}: {VisibleText.Line(rollback.Reason)}")],
        ChangeEvent.ServiceEnded ended => [ServiceEnded(ended, paint)],
        // The end is said by who follows the change: it knows how long it took and what to do next.
        ChangeEvent.Ended => [],
        _ => [],
    };

    /// <summary><c>web.2 on h1: gating (probe: connection refused)</c>.</summary>
    public static string Replica(string service, ReplicaProgress replica, Paint? paint = null)
    {
        var step = Word(replica.Step);
        var detail = string.IsNullOrEmpty(replica.Detail) ? "" : $" ({VisibleText.Line(replica.Detail)})";
        return $"{service}.{replica.Slot} on {replica.Host}: {paint?.Of(ToneOf(replica.Step), step) ?? step}{detail}";
    }

    public static string Word(ReplicaStep step) => step switch
    {
        ReplicaStep.Pulling => "pulling",
        ReplicaStep.Creating => "creating",
        ReplicaStep.Starting => "starting",
        ReplicaStep.Gating => "gating",
        ReplicaStep.Monitoring => "monitoring",
        ReplicaStep.Passed => "passed",
        ReplicaStep.Staged => "staged",
        ReplicaStep.Published => "published",
        ReplicaStep.OldDrained => "old drained",
        ReplicaStep.StoppingOld => "stopping old",
        ReplicaStep.OldStopped => "old stopped",
        ReplicaStep.Removed => "removed",
        ReplicaStep.Failed => "failed",
    };

    public static string Doing(ServiceAction action) => action switch
    {
        ServiceAction.None => "leaving",
        ServiceAction.Create => "creating",
        ServiceAction.Update => "updating",
        ServiceAction.Scale => "scaling",
        ServiceAction.Repair => "repairing",
        ServiceAction.Remove => "removing",
    };

    public static string Word(ChangeOutcome outcome) => outcome switch
    {
        ChangeOutcome.Done => "done",
        ChangeOutcome.NothingToDo => "nothing to do",
        ChangeOutcome.Paused => "paused",
        ChangeOutcome.Failed => "failed",
        ChangeOutcome.RolledBack => "rolled back",
        ChangeOutcome.Superseded => "superseded",
        ChangeOutcome.Aborted => "aborted",
        ChangeOutcome.Held => "held",
    };

    public static Tone ToneOf(ReplicaStep step) => step switch
    {
        ReplicaStep.Passed or ReplicaStep.Staged or ReplicaStep.Published or ReplicaStep.OldDrained or ReplicaStep.OldStopped or ReplicaStep.Removed => Tone.Good,
        ReplicaStep.Failed => Tone.Bad,
        ReplicaStep.Pulling or ReplicaStep.Creating or ReplicaStep.Starting or ReplicaStep.Gating or ReplicaStep.Monitoring or ReplicaStep.StoppingOld => Tone.Busy,
    };

    public static Tone ToneOf(ChangeOutcome outcome) => outcome switch
    {
        ChangeOutcome.Done or ChangeOutcome.NothingToDo => Tone.Good,
        ChangeOutcome.Superseded or ChangeOutcome.Aborted or ChangeOutcome.Held => Tone.Busy,
        ChangeOutcome.Paused or ChangeOutcome.Failed or ChangeOutcome.RolledBack => Tone.Bad,
    };

    public static IEnumerable<string> Warnings(Plan plan, Paint paint) =>
        plan.Warnings.Select(w => paint.Of(Tone.Busy, "warning:") + " " + VisibleText.Line(w));

    private static string ServiceEnded(ChangeEvent.ServiceEnded ended, Paint paint)
    {
        var failed = ended.Failed > 0 ? $", {ended.Failed} failed" : "";
        var reason = string.IsNullOrEmpty(ended.Reason) ? "" : $": {VisibleText.Line(ended.Reason)}";
        return $"{ended.Service}: {paint.Of(ToneOf(ended.Outcome), Word(ended.Outcome))}, {Words.Count(ended.Succeeded, "replica")}{failed}{reason}";
    }

    private static IEnumerable<string> Planned(Plan plan, Paint paint)
    {
        foreach (var service in plan.Services.Where(s => s.Action != ServiceAction.None))
        {
            var reason = service.Reason.Length > 0 ? $": {VisibleText.Line(service.Reason)}" : "";
            yield return $"plan: {PlanText.Verb(service.Action)} {service.Service}{reason}";
        }

        foreach (var warning in Warnings(plan, paint))
            yield return warning;
    }
}
