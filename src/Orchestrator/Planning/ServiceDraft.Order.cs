using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Whether old and new are side by side, how many of them at once, and whether there is room for that.</summary>
internal sealed partial class ServiceDraft
{
    private StrategyPlan? strategy;

    /// <summary>The room that is set aside for old replicas beside new ones.</summary>
    private List<Surge> surging = [];

    private bool waitsForOld;

    /// <summary>Why start-first is not used although it is asked for.</summary>
    private string? obstacle;

    /// <summary>Likewise.</summary>
    private string? notBlueGreen;

    /// <summary>Room is set aside for old replicas beside their new ones.</summary>
    public bool HoldsRoomTwice { get; private set; }

    private static UpdateSpec PolicyOf(PlanInput input, ServiceSpec service) => input.IsRollback ? service.Deploy.Rollback : service.Deploy.Update;

    /// <summary>Start-first has old and new side by side for a batch, blue-green all of them: where that cannot be, the old ones stop first, or the update is rolling, and the plan says so.</summary>
    public void ChooseOrder(PlacementBoard board)
    {
        strategy = StrategyOf(board);
        if (strategy?.Kind == StrategyKind.BlueGreen)
        {
            policy = policy with { Order = UpdateOrder.StartFirst };
        }
        if (policy.Order != UpdateOrder.StartFirst || !slots.Any(s => s.Action == SlotAction.Replace))
        {
            return;
        }
        var batch = policy.Parallelism == 0 ? int.MaxValue : policy.Parallelism;
        var surges = Surges(strategy?.Kind switch
        {
            StrategyKind.BlueGreen => int.MaxValue,
            StrategyKind.Canary => Math.Max(batch, strategy.First),
            StrategyKind.Rolling or null => batch,
        });
        obstacle = ObstacleOf(surges, board);
        if (obstacle is not null)
        {
            policy = policy with { Order = UpdateOrder.StopFirst };
            return;
        }
        surging = surges;
        foreach (var surge in surges)
        {
            board.Hold(surge.Host, surge.Reserved);
            HoldsRoomTwice |= surge.Reserved != default;
        }
    }

    /// <summary>Replicas that have found their hosts only since count towards max_replicas_per_node too.</summary>
    public void ReviewOrder(PlacementBoard board)
    {
        if (surging.All(s => s.IsWithinMax(board, service)))
        {
            return;
        }
        foreach (var surge in surging)
        {
            board.Hold(surge.Host, default(Reservation) - surge.Reserved);
        }
        surging = [];
        HoldsRoomTwice = false;
        policy = PolicyOf(input, service);
        ChooseOrder(board);
    }

    /// <summary>What is old may take its time to end, batch upon batch. Where there is no room for that, once everything has its place, the next batch waits.</summary>
    public void ChoosePace(PlacementBoard board)
    {
        var more = Surges(int.MaxValue).Join(surging, all => all.Host, held => held.Host, (all, held) => all with { Reserved = all.Reserved - held.Reserved }).ToList();
        waitsForOld = more.Any(m => m.ObstacleOn(board, service) is not null);
        foreach (var surge in waitsForOld ? [] : more)
        {
            board.Hold(surge.Host, surge.Reserved);
        }
    }

    /// <summary>By host: the old replicas of as many slots as change at once, and those of slots that move away.</summary>
    private List<Surge> Surges(int side) =>
    [
        .. from slot in slots
           where slot.Action == SlotAction.Replace
           from old in slot.Old
           where old.Replica.State != ReplicaState.Retained
           group (IsMoving: slot.Host != old.Host.Name, Reserved: Reservation.Of(old.Replica)) by old.Host.Name into there
           orderby there.Key
           let staying = there.Where(o => !o.IsMoving).ToList()
           let moving = there.Where(o => o.IsMoving).ToList()
           let atOnce = Math.Min(side, staying.Count)
           select new Surge(
               there.Key,
               moving.Count + atOnce,
               new Reservation(
                   moving.Sum(o => o.Reserved.Cpus) + staying.Select(o => o.Reserved.Cpus).OrderDescending().Take(atOnce).Sum(),
                   moving.Sum(o => o.Reserved.MemoryBytes) + staying.Select(o => o.Reserved.MemoryBytes).OrderDescending().Take(atOnce).Sum())),
    ];

    /// <summary>Only where something of another revision that serves is replaced: whatever a stopped or held change has left undone is no less an update.</summary>
    private StrategyPlan? StrategyOf(PlacementBoard board)
    {
        var changes = Changes();
        var (wanted, count) = (service.Deploy.Strategy, changes.Count(c => c.Action is SlotAction.Create or SlotAction.Replace));
        if (wanted.Kind == StrategyKind.Rolling || input.IsRepair || input.IsRollback || !changes.Any(c => c.Action is SlotAction.Create or SlotAction.Replace && c.Old.Any(o => o.Replica.IsServing && o.Replica.Key.Revision != revision.Id)))
        {
            return null;
        }
        notBlueGreen = wanted.Kind != StrategyKind.BlueGreen ? null
            : changes.Any(c => c.Old.Any(o => o.Replica.Key.Revision == revision.Id && o.Replica.State != ReplicaState.Retained)) ? "replicas of the new revision run already"
            : ObstacleOf(Surges(int.MaxValue), board);
        return notBlueGreen is null ? new StrategyPlan(wanted.Kind, wanted.FirstOf(count), wanted.HeldFor()) : null;
    }

    /// <summary>Why new replicas cannot run beside their old ones; null when they can.</summary>
    private string? ObstacleOf(List<Surge> surges, PlacementBoard board) => service.Container.ContainerName is { } name ? $"container_name {name} can exist only once"
        : service.Container.Networks.FirstOrDefault(n => (n.Ipv4Address ?? n.Ipv6Address) is not null) is { } fixedOn ? $"address {fixedOn.Ipv4Address ?? fixedOn.Ipv6Address} of network {fixedOn.Network} can be taken only once"
        : PlacementBoard.FixedPorts(service).FirstOrDefault() is { } port ? $"port {port.Published} of the host can be bound only once"
        : surges.Select(s => s.ObstacleOn(board, service)).FirstOrDefault(o => o is not null)
        ?? (yields ? "other replicas need the room that old and new together would take" : null);

    private UpdateSpec Told(List<string> warnings)
    {
        if (notBlueGreen is not null)
        {
            warnings.Add($"service {service.Name}: blue-green cannot work because {notBlueGreen}; the update is rolling");
        }
        if (obstacle is not null)
        {
            warnings.Add($"service {service.Name}: order start-first cannot work because {obstacle}; stop-first is used");
        }
        return input.IsRepair ? policy with { FailureAction = FailureAction.Continue } : policy;
    }

    /// <summary>What a host carries on top while replicas are replaced.</summary>
    /// <param name="Count">Old replicas beside all new ones.</param>
    private sealed record Surge(string Host, int Count, Reservation Reserved)
    {
        public bool IsWithinMax(PlacementBoard board, ServiceSpec service) =>
            service.Deploy.Placement.MaxReplicasPerHost is var max && (max == 0 || board.CountOf(Host, service) + Count <= max);

        public string? ObstacleOn(PlacementBoard board, ServiceSpec service) =>
            !IsWithinMax(board, service) ? $"host {Host} may have {service.Deploy.Placement.MaxReplicasPerHost} of it at once (max_replicas_per_node)"
            : board.ShortageOf(Host, Reserved) is { } shortage ? $"host {Host} has no room for old and new together: {shortage}"
            : null;
    }
}
