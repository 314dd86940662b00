using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Planning;

namespace Orchestrator.Changes;

/// <summary>The way back of a service that failed.</summary>
internal sealed partial class StackActor
{
    private void PlanRollback(string service, string reason)
    {
        active!.RollingBack(service, reason);
        var @base = revisions.First(r => r.Number == active.Record.RollbackRevision);
        var target = revisions.First(r => r.Number == active.Record.Plan.TargetRevision);
        var (self, good) = (Self, StackRevision.Good(revisions));
        fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(Fresh: true), ChangePreparation.FleetTimeout)
            .PipeTo(self, self, fleetNow => new RollbackPlanned(service, Planner.Plan(new PlanInput { Stack = stack, Current = target, Target = @base, Fleet = fleetNow, GoodRevisions = good, Only = [service], IsRollback = true })), e => new RollbackPlanned(service, new PlanResult(null, [e.Message])));
    }

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
        if (next is not null)
        {
            active.Supersede();
        }
        StartServices();
    }

    private sealed record RollbackPlanned(string Service, PlanResult Result);
}
