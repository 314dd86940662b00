using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

/// <summary>Another host for a slot whose host is lost; a global service's has none but its own, which may be back. Pure.</summary>
internal static class Reassigning
{
    /// <param name="without">Hosts with no part of the stack's networks.</param>
    public static RolloutEvent Choose(
        FleetSnapshot fleet,
        string stack,
        ServiceSpec service,
        StackRevision target,
        ImmutableArray<SlotState> slots,
        ImmutableSortedSet<string> lost,
        ImmutableArray<string> without,
        RolloutCommand.Reassign command,
        bool isRollback)
    {
        if (service.Deploy.Mode == ServiceMode.Global)
        {
            var own = slots.Single(s => s.Plan.Slot == command.Slot).Host;
            return own is not null && !without.Contains(own, StringComparer.Ordinal) && fleet.Hosts.GetValueOrDefault(own) is { } host && PlacementFilter.Refusal(host, service, target.Services[service.Name]) is null
                ? new RolloutEvent.SlotReassigned(command.Slot, own) { At = default }
                : new RolloutEvent.SlotDropped(command.Slot, "its host is lost and the service is global") { At = default };
        }
        var left = new FleetSnapshot(fleet.Hosts.RemoveRange(lost).RemoveRange(without));
        var board = new PlacementBoard(left, stack, countsReservations: !isRollback);
        foreach (var slot in slots.Where(s => s.Plan.Slot != command.Slot && s.Host is not null && !lost.Contains(s.Host)))
        {
            board.Take(slot.Host!, service, slot.Plan.Slot);
        }
        var old = slots.Where(s => s.Plan.Slot == command.Slot).SelectMany(s => s.Plan.Old).Select(o => (o.Host, o.Revision)).ToHashSet();
        var rolled = slots.Select(s => s.Plan.Slot).ToHashSet();
        foreach (var (host, replica) in left.Replicas(stack).Where(r => r.Replica.State != ReplicaState.Retained))
        {
            var owner = target.Spec.Services.FirstOrDefault(s => s.Name == replica.Key.Service);
            if (owner is not null && (owner.Name != service.Name || !rolled.Contains(replica.Key.Slot)))
            {
                board.Take(host.Name, owner, replica.Key.Slot);
            }
            else if (owner is not null && replica.Key.Revision != target.Services[service.Name].Id && !old.Contains((host.Name, replica.Key.Revision)))
            {
                // Such as one whose engine did not answer when the plan was made: nobody stops it before this rollout is over.
                board.HoldPorts(host.Name, service, replica, $"{service.Name}.{replica.Key.Slot}");
            }
        }
        return board.Choose(service, target.Services[service.Name], out var reasons) is { } chosen
            ? new RolloutEvent.SlotReassigned(command.Slot, chosen) { At = default }
            : new RolloutEvent.ReplicaFailed(command.Slot, command.Attempt, new FailureReport { Stage = ReplicaStage.Host, Message = $"its host is lost and no other can take it: {reasons}" }) { At = default };
    }
}
