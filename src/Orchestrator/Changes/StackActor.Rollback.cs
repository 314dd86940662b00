using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Rollouts;

namespace Orchestrator.Changes;

/// <summary>The way back of a service that failed.</summary>
internal sealed partial class StackActor
{
    private async Task PlanRollbackAsync(RolloutMessage.Ended failed)
    {
        var (service, reason) = (failed.Service, failed.Reason ?? "");
        if (revisions.FirstOrDefault(r => r.Number == active!.Record.RollbackRevision) is not { } @base)
        {
            await EndServiceAsync(service, ChangeOutcome.Failed, $"{reason}; cannot go back: {Missing(active!.Record)}", failed.Succeeded, failed.Failed);
            return;
        }
        active!.RollingBack(service, reason);
        var target = revisions.First(r => r.Number == active.Record.Plan.TargetRevision);
        var (self, good) = (Self, StackRevision.Good(revisions));
        _ = fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(stack), ChangePreparation.FleetTimeout)
            .PipeTo(self, self, fleetNow => new RollbackPlanned(service, Planner.Plan(new PlanInput { Stack = stack, Current = target, Target = @base, Fleet = fleetNow, GoodRevisions = good, Only = [service], IsRollback = true })), e => new RollbackPlanned(service, new PlanResult(null, [e.Message])));
    }

    private static string Missing(ChangeRecord record) =>
        record.RollbackRevision is { } number ? $"revision {number} is not in the history any more" : "there is no good revision";

    private async Task RollbackPlannedAsync(RollbackPlanned message)
    {
        if (active is null)
        {
            return;
        }
        if (message.Result.Plan is null)
        {
            await EndServiceAsync(message.Service, ChangeOutcome.Failed, $"cannot go back: {string.Join("; ", message.Result.Errors)}", 0, 0);
            return;
        }
        var plan = message.Result.Plan.Services.Single(s => s.Service == message.Service);
        active.PlannedBack(plan);
        await SaveAsync(head, [], active.Record);
        Tell(new ChangeEvent.RollbackStarted(message.Service, plan.ToRevision, active.RollbackReason(message.Service) ?? ""));
        StartServices();

        // A newer change may wait for nothing but this answer.
        await ConcludeAsync();
    }

    /// <summary>An atomic change: a failure sends every service back that it has altered. False when it has nothing to do with this end.</summary>
    private async Task<bool> RevertAsync(RolloutMessage.Ended message)
    {
        if (active!.Record.Revert is null && message.Outcome is RolloutOutcome.NeedsRollback or RolloutOutcome.Failed)
        {
            active.Revert(message.Service, message.Reason ?? $"{message.Failed} replicas failed");
        }
        if (active.Record.Revert is null)
        {
            return false;
        }
        active.Ended(message.Service, new ServiceEnd(message.Outcome == RolloutOutcome.Succeeded ? ChangeOutcome.Done : ChangeOutcome.Failed, message.Reason));
        await SaveAsync(head, [], active.Record);
        RevertIfReady();
        return true;
    }

    private void RevertIfReady()
    {
        if (active is not { IsReadyToRevert: true })
        {
            return;
        }
        active.RevertBeingPlanned();
        var target = revisions.First(r => r.Number == active.Record.Plan.TargetRevision);
        var (self, good) = (Self, StackRevision.Good(revisions));
        if ((active.Record.RollbackRevision is { } number ? revisions.FirstOrDefault(r => r.Number == number) : Nothing(target)) is not { } back)
        {
            // Not taken for a first deploy, whose way back removes everything.
            self.Tell(new RevertPlanned(new PlanResult(null, [Missing(active.Record)])));
            return;
        }
        fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(stack), ChangePreparation.FleetTimeout)
            .PipeTo(self, self, now => new RevertPlanned(Planner.Plan(new PlanInput { Stack = stack, Current = target, Target = back, Fleet = now, GoodRevisions = good, IsRollback = true })), e => new RevertPlanned(new PlanResult(null, [e.Message])));
    }

    /// <summary>Before its first deploy a stack had no services.</summary>
    private static StackRevision Nothing(StackRevision target) => target with
    {
        Number = 0,
        Spec = target.Spec with { Services = [] },
        Services = ImmutableSortedDictionary<string, ServiceRevision>.Empty,
    };

    private async Task RevertPlannedAsync(RevertPlanned message)
    {
        if (active is null)
        {
            return;
        }
        if (message.Result.Plan is { } plan)
        {
            // Services that had not begun stay as they are, unless the change began elsewhere than where it goes back to, or on the way there.
            var record = active.Record;
            var beganThere = record.RollbackRevision == record.Plan.BaseRevision && revisions.FirstOrDefault(r => r.Number == record.RollbackRevision) is null or { State: RevisionState.Good };
            active.RevertPlanned(plan.Services
                .Where(s => s.Action != ServiceAction.None && (record.Begun!.Contains(s.Service) || !beganThere))
                .ToDictionary(s => s.Service, StringComparer.Ordinal));
        }
        else
        {
            active.RevertRefused($"cannot go back: {string.Join("; ", message.Result.Errors)}");
        }
        await SaveAsync(head, [], active.Record);
        foreach (var back in active.Record.Rollbacks.Values)
        {
            Tell(new ChangeEvent.RollbackStarted(back.Service, back.ToRevision, active.RollbackReason(back.Service) ?? ""));
        }
        StartServices();
        await ConcludeAsync();
    }

    private sealed record RevertPlanned(PlanResult Result);

    private sealed record RollbackPlanned(string Service, PlanResult Result);
}
