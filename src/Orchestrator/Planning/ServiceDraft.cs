using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Planning;

/// <summary>One service while its plan is made: first which slots there will be, then where the ones without a host go.</summary>
internal sealed partial class ServiceDraft
{
    private readonly PlanInput input;
    private readonly ServiceSpec service;

    /// <summary>Others need the room that old and new side by side would take.</summary>
    private readonly bool yields;
    private readonly ServiceRevision revision;
    private readonly ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> live;

    /// <summary>On hosts that are down, and ended on hosts that cannot start them again.</summary>
    private readonly ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> lost;
    private readonly ILookup<int, (HostSnapshot Host, ReplicaSnapshot Replica)> retained;
    private readonly List<SlotDraft> slots = [];
    private UpdateSpec policy;

    /// <summary>Services that have host ports until they have changed which this one is to have, beside those it depends on.</summary>
    private readonly List<string> waitsFor = [];

    private ServiceDraft(PlanInput input, ServiceSpec service, bool yields)
    {
        this.yields = yields;
        this.input = input;
        this.service = service;
        revision = input.Target.Services[service.Name];
        var all = input.Fleet.Replicas(input.Stack).Where(r => r.Replica.Key.Service == service.Name).ToList();
        live = [.. all.Where(r => !IsWorthKeeping(r.Replica) && !IsStranded(r.Host, r.Replica))];
        lost = [.. input.Fleet.Lost(input.Stack).Concat(all.Where(r => IsStranded(r.Host, r.Replica))).Where(r => r.Replica.Key.Service == service.Name && r.Replica.State != ReplicaState.Retained)];
        policy = PolicyOf(input, service);
        retained = all.Where(r => IsWorthKeeping(r.Replica)).ToLookup(r => r.Replica.Key.Slot);
    }

    public string Service => service.Name;

    /// <param name="yields">It has no old and new replicas side by side.</param>
    public static ServiceDraft Of(PlanInput input, ServiceSpec service, bool yields)
    {
        var draft = new ServiceDraft(input, service, yields);
        var wanted = service.Deploy.Mode == ServiceMode.Global ? draft.GlobalSlots() : draft.ReplicatedSlots();
        foreach (var (slot, host) in wanted)
        {
            draft.slots.Add(draft.Examine(slot, host));
        }
        var numbers = wanted.Select(w => w.Slot).ToHashSet();
        foreach (var surplus in draft.live.Select(r => r.Replica.Key.Slot).Concat(draft.retained.Select(g => g.Key)).Distinct().Where(s => !numbers.Contains(s)).Order())
        {
            draft.slots.Add(new SlotDraft
            {
                Slot = surplus,
                Action = SlotAction.Remove,
                Old = draft.At(surplus),
                Reason = service.Deploy.Mode == ServiceMode.Global ? "its host is no longer eligible" : $"scaled to {service.Deploy.Replicas}",
            });
        }
        return draft;
    }

    /// <summary>What stays as it is takes its place on the board, and what goes last holds its room: for every service before anything that changes.</summary>
    public void KeepHosts(PlacementBoard board)
    {
        foreach (var old in slots.Where(s => s.Action is null or SlotAction.Remove).SelectMany(s => s.Old).Where(o => o.Replica.State != ReplicaState.Retained))
        {
            board.Hold(old.Host.Name, Reservation.Of(old.Replica));
            board.HoldPorts(old.Host.Name, service, old.Replica, $"{service.Name}.{old.Replica.Key.Slot}, which goes when all else of {service.Name} is there");
        }
        foreach (var slot in slots.Where(s => s is { Host: not null, MustFit: false, Action: not SlotAction.Replace }))
        {
            Take(board, slot);
        }
    }

    /// <summary>What is replaced stays on its host where that has room for the new one beside all that stays.</summary>
    public void ReplaceOnHosts(PlacementBoard board)
    {
        foreach (var slot in slots.Where(s => s is { Host: not null, Action: SlotAction.Replace }))
        {
            var isFull = board.RoomRefusal(slot.Host!, service) is not null;
            if (!isFull && (slot.MustFit || !OverMax(board, slot.Host!)))
            {
                Take(board, slot);
            }
            else if (!slot.MustFit)
            {
                slot.Host = null;
            }
        }
    }

    private void Take(PlacementBoard board, SlotDraft slot)
    {
        board.Take(slot.Host!, service, slot.Slot);
        slot.IsTaken = true;
    }

    public void ChooseHosts(PlacementBoard board, List<string> errors)
    {
        foreach (var slot in slots.Where(s => s is { MustFit: true, IsTaken: false }).ToList())
        {
            if (board.RoomRefusal(slot.Host!, service) is { } refusal)
            {
                errors.Add($"service {service.Name}: host {slot.Host} cannot take its replica, and the service is global: {refusal}");
                slots.Remove(slot);
                continue;
            }
            Take(board, slot);
        }
        foreach (var slot in slots.Where(IsHomeless).ToList())
        {
            slot.Host = board.Choose(service, revision, out var reasons);
            if (slot.Host is null)
            {
                errors.Add($"service {service.Name}: no host can take replica {slot.Slot}: {reasons}");
                slots.RemoveAll(IsHomeless);
                return;
            }
            slot.Placement = reasons;
            Take(board, slot);
        }
    }

    /// <summary>A port of a host that another service of the stack lets go of in this very plan is taken when that is done.</summary>
    /// <param name="others">Of all services of the plan.</param>
    public void WaitForPorts(IReadOnlyCollection<ServiceDraft> others, List<string> errors, List<string> warnings)
    {
        var wanted = from slot in slots
                     where slot is { Host: not null, Action: SlotAction.Create or SlotAction.Replace }
                     from port in PlacementBoard.FixedPorts(service)
                     select (Host: slot.Host!, Port: port.Published!.Value, port.Protocol, port.HostIp);
        var needs = wanted.ToLookup(w => (w.Host, w.Port, w.Protocol), w => w.HostIp);
        if (needs.Count == 0)
        {
            return;
        }
        foreach (var other in others.Where(o => o != this))
        {
            var held = other.slots.SelectMany(s => s.Old).Where(o => o.Replica.State is not (ReplicaState.Retained or ReplicaState.Created or ReplicaState.Exited))
                .SelectMany(o => PlacementBoard.PortsOf(o.Replica).Select(p => (At: (Host: o.Host.Name, p.Port, p.Protocol), p.HostIp)))
                .Where(h => needs[h.At].Any(hostIp => HostAddress.Overlap(h.HostIp, hostIp)))
                .Select(h => h.At)
                .Order()
                .Cast<(string Host, int Port, string Protocol)?>()
                .FirstOrDefault();
            if (held is not { } port || IsAfter(other, others))
            {
                continue;
            }
            if (other.IsAfter(this, others))
            {
                errors.Add($"service {service.Name}: port {port.Port}/{port.Protocol} of host {port.Host} is {other.service.Name}'s until that has changed, which comes after {service.Name}: take the port off in a deploy of its own first");
                continue;
            }
            waitsFor.Add(other.service.Name);
            warnings.Add($"service {service.Name}: waits for {other.service.Name}, which has port {port.Port}/{port.Protocol} of host {port.Host} until then");
        }
    }

    /// <summary>It begins only when the other has ended.</summary>
    private bool IsAfter(ServiceDraft other, IReadOnlyCollection<ServiceDraft> all)
    {
        var (seen, open) = (new HashSet<string>(StringComparer.Ordinal), new Queue<ServiceDraft>([this]));
        while (open.TryDequeue(out var next))
        {
            foreach (var before in next.service.DependsOn.Select(d => d.Service).Concat(next.waitsFor).Where(seen.Add))
            {
                if (before == other.service.Name)
                {
                    return true;
                }
                foreach (var draft in all.Where(d => d.service.Name == before))
                {
                    open.Enqueue(draft);
                }
            }
        }
        return false;
    }

    public ServicePlan ToPlan(List<string> warnings)
    {
        var (changes, current) = (Changes(), CurrentRevision);
        var action = ActionOf(changes, current);
        return new ServicePlan
        {
            Service = service.Name,
            Action = action,
            Reason = ReasonOf(action, changes, current),
            FromRevision = current?.Id,
            ToRevision = revision.Id,
            Policy = Told(warnings),
            ProgressDeadline = service.Deploy.ProgressDeadline,
            DrainTimeout = service.Deploy.DrainTimeout,
            Slo = SloOf(changes, warnings),
            Strategy = strategy,
            WaitsForOld = waitsForOld,
            Retain = service.Deploy.Retain,
            Slots = [.. changes.OrderBy(Urgency).ThenBy(s => s.Slot).Select(ToSlotPlan)],
            After = [.. service.DependsOn.Where(d => input.Target.Services.ContainsKey(d.Service)), .. waitsFor.Select(s => new DependencySpec { Service = s })],
        };
    }

    /// <summary>Not running first, then what runs without serving, then the healthy ones, removals last: capacity is given up only when the new is there.</summary>
    private static int Urgency(SlotDraft slot) => slot.Action switch
    {
        SlotAction.Create when slot.Old.Length == 0 => 0,
        SlotAction.Create or SlotAction.Replace when !slot.Old.Any(o => o.Replica.IsServing) => 1,
        SlotAction.Create or SlotAction.Replace => 2,
        _ => 3,
    };

    private SlotPlan ToSlotPlan(SlotDraft slot)
    {
        var old = slot.Old.Select(o => Planner.PlacementOf(o.Host, o.Replica)).Select(p => p with { Serving = p.Serving && IsGood(p.Revision) }).ToImmutableArray();
        var keep = slot.Action switch
        {
            SlotAction.Remove => 0,
            null => service.Deploy.Retain,
            _ => Math.Max(0, service.Deploy.Retain - old.Count(o => o.Serving)),
        };
        return new SlotPlan
        {
            Slot = slot.Slot,
            Action = slot.Action ?? SlotAction.Remove,
            Host = slot.Action == SlotAction.Remove ? null : slot.Action is null ? null : slot.Host,
            KeptHost = slot.Action is null ? slot.Host : null,
            Old = old,
            Prune = [.. Retained(slot.Slot, r => slot.Action == SlotAction.Remove || r.Host.Name != slot.Host || r.Replica.Key.Revision != revision.Id)
                .Skip(keep)
                .Where(r => !slot.Old.Contains(r))
                .Select(r => Planner.PlacementOf(r.Host, r.Replica))],
            Reason = slot.Reason,
            Placement = slot.Placement,
            IsAfterEnd = slot.IsAfterEnd,
        };
    }

    private SloSpec? SloOf(List<SlotDraft> changes, List<string> warnings)
    {
        if (input.IsRepair || input.IsRollback || !service.Traffic.HasListeners || !changes.Any(c => c.Old.Any(o => o.Replica.IsServing)) || service.Traffic.Slo is not { } slo)
        {
            return null;
        }
        if (strategy?.Kind != StrategyKind.BlueGreen)
        {
            return slo;
        }
        warnings.Add($"service {service.Name}: slo is not judged, because blue-green takes the old replicas out of the traffic as the new ones enter it; use canary to compare them");
        return null;
    }

    private ServiceAction ActionOf(List<SlotDraft> changes, ServiceRevision? current)
    {
        if (changes.Count == 0)
        {
            return ServiceAction.None;
        }
        if (current is null)
        {
            return live.IsEmpty ? ServiceAction.Create : ServiceAction.Update;
        }
        if (current.Id != revision.Id)
        {
            return ServiceAction.Update;
        }
        var before = input.Current!.Service(service.Name).Deploy;
        return before.Mode != service.Deploy.Mode || before.Replicas != service.Deploy.Replicas ? ServiceAction.Scale : ServiceAction.Repair;
    }

    private string ReasonOf(ServiceAction action, List<SlotDraft> changes, ServiceRevision? current) => action switch
    {
        ServiceAction.None when current is not null && SpecDifference.Traffic(input.Current!.Service(service.Name).Traffic, service.Traffic) is { Count: > 0 } traffic =>
            $"{string.Join(", ", traffic)}, no replica is replaced",
        ServiceAction.None => "unchanged",
        ServiceAction.Create => "new",
        ServiceAction.Update when current is null => "found running, not known",
        ServiceAction.Update => SpecDifference.Describe(input.Current!.Service(service.Name), current, service, revision),
        ServiceAction.Scale => $"replicas {input.Current!.Service(service.Name).Deploy.Replicas} → {service.Deploy.Replicas}",
        ServiceAction.Repair => string.Join(", ", changes.Select(c => c.Reason).Distinct().Order(StringComparer.Ordinal)),
        ServiceAction.Remove => "no longer in the stack",
    };

    private bool IsOldInTraffic((HostSnapshot Host, ReplicaSnapshot Replica) there) => there.Replica.IsServing && there.Replica.Key.Revision != revision.Id && !IsOut(there);

    private bool IsOut((HostSnapshot Host, ReplicaSnapshot Replica) there) => input.OutOfTraffic.Contains(TrafficTables.Id(there.Replica.Key, there.Host.Name));

    private bool IsGood(string serviceRevision) => input.GoodRevisions is not { } good || good.Contains(serviceRevision);

    private ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> At(int slot) => [.. live.Where(r => r.Replica.Key.Slot == slot)];

    /// <summary>What is kept of the slot, the newest first.</summary>
    private IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> Retained(int slot, Func<(HostSnapshot Host, ReplicaSnapshot Replica), bool> which) =>
        retained[slot].Where(which).OrderByDescending(r => r.Replica.Created).ThenBy(r => r.Replica.ContainerName, StringComparer.Ordinal);

    private ServiceRevision? CurrentRevision => input.Current?.Services.GetValueOrDefault(service.Name);

    private List<SlotDraft> Changes() => [.. slots.Where(s => s.Action is not null || s.Old.Length > 0)];

    private static bool IsHomeless(SlotDraft slot) => slot is { Host: null, Action: SlotAction.Create or SlotAction.Replace };

    private bool OverMax(PlacementBoard board, string host) =>
        service.Deploy.Placement.MaxReplicasPerHost is var max and > 0 && board.CountOf(host, service) >= max;

    /// <summary>A slot whose <see cref="Action"/> is null stays as it is, but for surplus containers in <see cref="Old"/>.</summary>
    private sealed class SlotDraft
    {
        public required int Slot { get; init; }

        public SlotAction? Action { get; init; }

        public string? Host { get; set; }

        /// <summary>The mode ties the slot to the host, and its container is not there yet.</summary>
        public bool MustFit { get; init; }

        /// <summary>It has its place on the board.</summary>
        public bool IsTaken { get; set; }

        public ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> Old { get; init; } = [];

        public required string Reason { get; init; }

        public string? Placement { get; set; }

        public bool IsAfterEnd { get; init; }
    }
}
