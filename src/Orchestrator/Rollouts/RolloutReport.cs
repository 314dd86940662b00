using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Rollouts;

/// <summary>What the people who watch are told of a rollout's events.</summary>
internal static class RolloutReport
{
    public static IEnumerable<ChangeEvent> Of(RolloutState before, RolloutState after, RolloutEvent happened, string stack)
    {
        var service = after.Plan.Service;
        var revision = after.Plan.ToRevision;
        switch (happened)
        {
            case RolloutEvent.BatchStarted e:
                yield return new ChangeEvent.BatchStarted(service, e.Batch + 1, after.BatchCount, after.Slots.Count(s => s.Batch == e.Batch));
                break;
            case RolloutEvent.HoldStarted e:
                yield return new ChangeEvent.Held(service, HoldText.Of(after, stack), e.Until);
                break;
            case RolloutEvent.Promoted e:
                yield return new ChangeEvent.Promoted(service, e.OnRequest);
                break;
            case RolloutEvent.ReplicaPassed e when Moved(before, after, e.Slot):
                yield return new ChangeEvent.ReplicaMoved(service, e.Slot, after.Slot(e.Slot)!.Host!, revision, after.Slot(e.Slot)!.Phase == SlotPhase.Staged ? ReplicaStep.Staged : ReplicaStep.Passed, null);
                break;
            case RolloutEvent.ReplicaFailed e when Moved(before, after, e.Slot) && after.Slot(e.Slot)!.Phase == SlotPhase.Done:
                yield return new ChangeEvent.Warning($"{service}.{e.Slot}: its old replica is left behind: {e.Report.Message}");
                break;
            case RolloutEvent.ReplicaFailed e when Moved(before, after, e.Slot):
                yield return new ChangeEvent.ReplicaFailed(service, e.Slot, after.Slot(e.Slot)!.Host ?? after.Slot(e.Slot)!.Plan.Old.FirstOrDefault()?.Host ?? "", revision, e.Report);
                break;
            case RolloutEvent.ReplicaPublished e when Moved(before, after, e.Slot):
                yield return new ChangeEvent.ReplicaMoved(service, e.Slot, after.Slot(e.Slot)!.Host!, revision, ReplicaStep.Published, after.Slot(e.Slot)!.Phase == SlotPhase.Judging ? $"its requests are watched for {after.Plan.Slo!.Window.TotalSeconds:0.#} s" : null);
                break;
            case RolloutEvent.ReplicaJudged e when Moved(before, after, e.Slot):
                yield return new ChangeEvent.ReplicaMoved(service, e.Slot, after.Slot(e.Slot)!.Host!, revision, ReplicaStep.Published, null);
                if (e.Note is { } note)
                {
                    yield return new ChangeEvent.Warning(note);
                }
                break;
            case RolloutEvent.OldDrained e:
                yield return new ChangeEvent.ReplicaMoved(service, e.Slot, e.Host, e.Revision, ReplicaStep.OldDrained, null);
                break;
            case RolloutEvent.OldStopped e:
                var kept = after.Slot(e.Slot)?.Plan.Action == SlotAction.Replace;
                yield return new ChangeEvent.ReplicaMoved(service, e.Slot, e.Host, e.Revision, kept ? ReplicaStep.OldStopped : ReplicaStep.Removed, null);
                break;
            case RolloutEvent.PhaseEntered { Phase: SlotPhase.Cancelling } e:
                yield return new ChangeEvent.ReplicaMoved(service, e.Slot, after.Slot(e.Slot)!.Host!, revision, ReplicaStep.Removed, "called off");
                break;
            case RolloutEvent.HostLost e:
                yield return new ChangeEvent.Warning($"host {e.Host} does not answer and counts as lost; {service} goes on without it");
                break;
            case RolloutEvent.SlotReassigned e when before.Slot(e.Slot)?.Host == e.Host:
                yield return new ChangeEvent.Warning($"host {e.Host} is back: {service}.{e.Slot} is brought up there after all");
                break;
            case RolloutEvent.SlotReassigned e:
                yield return new ChangeEvent.Warning($"{service}.{e.Slot} goes to host {e.Host} instead of {before.Slot(e.Slot)?.Host}");
                break;
            case RolloutEvent.SlotDropped e:
                yield return new ChangeEvent.Warning($"{service}.{e.Slot} is left out: {e.Reason}");
                break;
            default:
                break;
        }
    }

    public static ChangeEvent Progress(string service, int slot, string host, AgentEvent.ReplicaProgressed progress) =>
        new ChangeEvent.ReplicaMoved(service, slot, host, progress.Key.Revision, StepOf(progress.Phase), progress.Detail);

    private static bool Moved(RolloutState before, RolloutState after, int slot) => before.Slot(slot)?.Phase != after.Slot(slot)?.Phase;

    private static ReplicaStep StepOf(ReplicaPhase phase) => phase switch
    {
        ReplicaPhase.Pulling => ReplicaStep.Pulling,
        ReplicaPhase.Creating => ReplicaStep.Creating,
        ReplicaPhase.Starting => ReplicaStep.Starting,
        ReplicaPhase.Gating => ReplicaStep.Gating,
        ReplicaPhase.Monitoring => ReplicaStep.Monitoring,
        ReplicaPhase.Stopping => ReplicaStep.StoppingOld,
    };
}
