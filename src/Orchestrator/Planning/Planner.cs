using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Compares what is wanted with what is there. Pure: no clock, no I/O.</summary>
public static class Planner
{
    public static PlanResult Plan(PlanInput input)
    {
        var result = Plan(input, [], out var surging);
        if (result.Plan is not null || surging.Count == 0)
        {
            return result;
        }

        // Old and new side by side take room that another replica needs: what can do without that does.
        var yielding = surging;
        var placed = Plan(input, yielding, out _);
        if (placed.Plan is null)
        {
            return result;
        }
        foreach (var service in surging)
        {
            if (Plan(input, yielding.Remove(service), out _) is { Plan: not null } less)
            {
                (placed, yielding) = (less, yielding.Remove(service));
            }
        }
        return placed;
    }

    /// <param name="yielding">Services that replace their replicas one after the other, whatever their file says.</param>
    /// <param name="surging">Those whose old replicas hold room beside their new ones.</param>
    private static PlanResult Plan(PlanInput input, ImmutableSortedSet<string> yielding, out ImmutableSortedSet<string> surging)
    {
        var errors = new List<string>();
        var warnings = new List<string>();
        var unplaced = new List<string>();
        var board = new PlacementBoard(input.Fleet, input.Stack, countsReservations: !input.IsRollback);
        var drafts = new List<ServiceDraft>();
        foreach (var service in DependencyOrder.Of(input.Target.Spec.Services))
        {
            if (input.Only.IsEmpty || input.Only.Contains(service.Name, StringComparer.Ordinal))
            {
                Refuse(service, errors);
                drafts.Add(ServiceDraft.Of(input, service, yielding.Contains(service.Name)));
            }
        }
        KeepOthers(input, board);
        foreach (var draft in drafts)
        {
            draft.KeepHosts(board);
        }
        foreach (var draft in drafts)
        {
            draft.ReplaceOnHosts(board);
        }
        foreach (var draft in drafts)
        {
            draft.ChooseOrder(board);
        }
        foreach (var draft in drafts)
        {
            draft.ChooseHosts(board, input.IsRepair ? unplaced : errors);
        }
        foreach (var draft in drafts)
        {
            draft.ReviewOrder(board);
        }
        foreach (var draft in drafts)
        {
            draft.ChoosePace(board);
            draft.WaitForPorts(drafts, input.IsRepair ? unplaced : errors, warnings);
        }
        surging = [.. drafts.Where(d => d.HoldsRoomTwice).Select(d => d.Service)];
        var services = drafts.Select(d => d.ToPlan(warnings)).Concat(Removed(input)).ToImmutableArray();
        WarnOfHosts(input, services, warnings);
        return errors.Count > 0
            ? new PlanResult(null, [.. errors])
            : new PlanResult(
                new Plan
                {
                    Stack = input.Stack,
                    BaseRevision = input.Current?.Number,
                    TargetRevision = input.Target.Number,
                    Services = services,
                    Warnings = [.. warnings],
                },
                [.. unplaced]);
    }

    /// <summary>Replicas of the stack that the plan does not decide on: of services that were not named, and of those that leave the stack, which go when all else is there.</summary>
    private static void KeepOthers(PlanInput input, PlacementBoard board)
    {
        var staying = input.Target.Spec.Services.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (host, replica) in input.Fleet.Replicas(input.Stack))
        {
            var service = replica.Key.Service;
            if (!staying.Contains(service))
            {
                board.Hold(host.Name, replica, $"{service}.{replica.Key.Slot}, which leaves the stack only when all else is there: deploy once without it");
            }
            else if (!input.Only.IsEmpty && !input.Only.Contains(service, StringComparer.Ordinal))
            {
                board.Keep(host.Name, replica, $"{service}.{replica.Key.Slot}");
            }
        }
    }

    private static void Refuse(ServiceSpec service, List<string> errors)
    {
        foreach (var dependency in service.DependsOn.Where(d => d.Condition == DependencyCondition.Completed))
        {
            errors.Add($"service {service.Name}: depends_on {dependency.Service} with condition service_completed_successfully is not supported yet; run {dependency.Service} before the deploy, or use service_started");
        }
    }

    private static IEnumerable<ServicePlan> Removed(PlanInput input)
    {
        if (!input.Only.IsEmpty)
        {
            return [];
        }
        var wanted = input.Target.Spec.Services.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        return input.Fleet.Replicas(input.Stack)
            .Where(r => !wanted.Contains(r.Replica.Key.Service))
            .GroupBy(r => r.Replica.Key.Service, StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(service => new ServicePlan
            {
                Service = service.Key,
                Action = ServiceAction.Remove,
                Reason = "no longer in the stack",
                FromRevision = input.Current?.Services.GetValueOrDefault(service.Key)?.Id,
                Policy = new UpdateSpec { Parallelism = 0, Monitor = TimeSpan.Zero, FailureAction = FailureAction.Continue },
                Retain = 0,
                Slots = [.. service.GroupBy(r => r.Replica.Key.Slot).OrderBy(g => g.Key).Select(slot => new SlotPlan
                {
                    Slot = slot.Key,
                    Action = SlotAction.Remove,
                    Old = [.. slot.Where(r => r.Replica.State != ReplicaState.Retained).Select(r => PlacementOf(r.Host, r.Replica))],
                    Prune = [.. slot.Where(r => r.Replica.State == ReplicaState.Retained).Select(r => PlacementOf(r.Host, r.Replica))],
                    Reason = "service removed",
                })],
            });
    }

    private static void WarnOfHosts(PlanInput input, ImmutableArray<ServicePlan> services, List<string> warnings)
    {
        if (services.All(s => s.Action == ServiceAction.None))
        {
            return;
        }
        foreach (var host in input.Fleet.Hosts.Values.Where(h => !h.IsSchedulable))
        {
            warnings.Add(host.Facts?.EngineError is { } error && host.State == HostState.Ready
                ? $"host {host.Name} gets nothing: its engine does not answer ({error})"
                : $"host {host.Name} is {host.State.ToString().ToLowerInvariant()} and gets nothing{(host.Replicas.Values.Any(r => r.Key.Stack == input.Stack) ? "; what it has of the stack is put right when it is back" : "")}");
        }
    }

    internal static Placement PlacementOf(HostSnapshot host, ReplicaSnapshot replica) => new(host.Name, replica.Key.Revision, replica.IsServing);
}
