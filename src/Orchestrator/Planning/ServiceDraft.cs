using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Planning;

/// <summary>One service while its plan is made: first which slots there will be, then where the ones without a host go.</summary>
internal sealed class ServiceDraft
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

    private StrategyPlan? strategy;

    /// <summary>The room that is set aside for old replicas beside new ones.</summary>
    private List<Surge> surging = [];

    private bool waitsForOld;

    /// <summary>Services that have host ports until they have changed which this one is to have, beside those it depends on.</summary>
    private readonly List<string> waitsFor = [];

    /// <summary>Why start-first is not used although it is asked for.</summary>
    private string? obstacle;

    /// <summary>Likewise.</summary>
    private string? notBlueGreen;

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

    /// <summary>Room is set aside for old replicas beside their new ones.</summary>
    public bool HoldsRoomTwice { get; private set; }

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

    private static UpdateSpec PolicyOf(PlanInput input, ServiceSpec service) => input.IsRollback ? service.Deploy.Rollback : service.Deploy.Update;

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

    private SlotDraft Examine(int slot, string? pinnedHost)
    {
        var there = At(slot);
        var match = there
            .Where(r => r.Replica.Key.Revision == revision.Id && !HasDrifted(r.Replica) && PlacementFilter.ConstraintRefusal(r.Host, service, revision) is null && (pinnedHost is null || r.Host.Name == pinnedHost))
            .OrderByDescending(r => r.Replica.IsServing)

            // A successor stays when the one it took the place of comes back. When they started says nothing: that one may just have been booted.
            .ThenByDescending(r => r.Replica.Created)
            .ThenBy(r => r.Host.Name, StringComparer.Ordinal)
            .Cast<(HostSnapshot Host, ReplicaSnapshot Replica)?>()
            .FirstOrDefault();
        if (match is not { } kept)
        {
            return Outdated(slot, there, pinnedHost);
        }
        var others = there.Where(r => r.Replica != kept.Replica).ToImmutableArray();
        if ((kept.Replica.IsServing || !others.IsEmpty) && IsToSwitch(kept, others))
        {
            return new SlotDraft { Slot = slot, Action = others.IsEmpty ? SlotAction.Create : SlotAction.Replace, Host = kept.Host.Name, Old = others, Reason = "outdated" };
        }
        if (kept.Replica.IsServing || (input.IsRepair && IsLeftToTheEngine(kept.Replica, service.Container.Restart)))
        {
            if (!kept.Replica.IsServing)
            {
                // Whatever else of the slot serves is no surplus until this one does.
                others = others.RemoveAll(r => r.Replica.IsServing);
            }

            // What a lost host had is there again when it returns, and nothing else looks at what is kept before the slot changes again.
            var beyond = input.IsRepair ? Retained(slot, _ => true).Skip(service.Deploy.Retain).ToImmutableArray() : [];
            return new SlotDraft
            {
                Slot = slot,
                Host = kept.Host.Name,
                Old = [.. others, .. beyond],
                Reason = others.IsEmpty ? beyond.IsEmpty ? "" : $"more is kept of it than retain {service.Deploy.Retain}"
                    : others.All(o => o.Replica.State == ReplicaState.Retained) ? "leftover of a failed update"
                    : "surplus replica",
            };
        }
        // A container that was never started, is starting or has exited is started again; one that runs and is unhealthy, or that the
        // engine keeps restarting, has to go first.
        var mustStop = kept.Replica.State is ReplicaState.Running or ReplicaState.Restarting;
        return new SlotDraft
        {
            Slot = slot,
            Action = SlotAction.Create,
            Host = kept.Host.Name,
            Old = mustStop ? [kept, .. others] : others,
            Reason = Condition(kept.Replica),
            IsAfterEnd = true,
        };
    }

    /// <summary>
    /// An earlier change has left the new replica beside the old one. In a blue-green it waits for the switch as if it were new, and the old one stays until then:
    /// where it is out of the traffic, which another set has, whichever that is; where both have traffic, when the old one is of what stands.
    /// </summary>
    private bool IsToSwitch((HostSnapshot Host, ReplicaSnapshot Replica) kept, ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> others)
    {
        if (service.Deploy.Strategy.Kind != StrategyKind.BlueGreen || input.IsRepair || input.IsRollback)
        {
            return false;
        }
        return IsOut(kept)
            ? live.Any(IsOldInTraffic)
            : input.StandsAt.TryGetValue(service.Name, out var standing) && others.Any(o => IsOldInTraffic(o) && o.Replica.Key.Revision == standing);
    }

    private bool IsOldInTraffic((HostSnapshot Host, ReplicaSnapshot Replica) there) => there.Replica.IsServing && there.Replica.Key.Revision != revision.Id && !IsOut(there);

    private bool IsOut((HostSnapshot Host, ReplicaSnapshot Replica) there) => input.OutOfTraffic.Contains(TrafficTables.Id(there.Replica.Key, there.Host.Name));

    private SlotDraft Outdated(int slot, ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> there, string? pinnedHost)
    {
        if (there.IsEmpty)
        {
            var isNew = input.Current?.Services.ContainsKey(service.Name) != true;
            return new SlotDraft { Slot = slot, Action = SlotAction.Create, Host = pinnedHost ?? UnderWay(slot), MustFit = pinnedHost is not null, Reason = isNew ? "new" : LossOf(slot) ?? "missing" };
        }
        var stay = there
            .Where(r => r.Host.IsSchedulable && PlacementFilter.ConstraintRefusal(r.Host, service, revision) is null)
            .OrderByDescending(r => r.Replica.IsServing)
            .ThenByDescending(r => r.Replica.Created)
            .ThenBy(r => r.Host.Name, StringComparer.Ordinal)
            .Select(r => r.Host.Name)
            .FirstOrDefault();
        return new SlotDraft
        {
            Slot = slot,
            Action = SlotAction.Replace,
            Host = pinnedHost ?? UnderWay(slot) ?? stay,
            MustFit = pinnedHost is not null,
            Old = there,
            Reason = there.Any(r => r.Replica.Key.Revision == revision.Id && HasDrifted(r.Replica)) ? "its configuration is not that of its revision: somebody has replaced it"
                : there.All(r => r.Replica.Key.Revision == revision.Id) ? "placement changed"
                : "outdated",
        };
    }

    /// <summary>Where it is being brought already, unless it cannot go there any more.</summary>
    private string? UnderWay(int slot) =>
        input.UnderWay.TryGetValue((service.Name, slot), out var name) && input.Fleet.Hosts.GetValueOrDefault(name) is { } host && PlacementFilter.Refusal(host, service, revision) is null ? name : null;

    /// <summary>It says that it is of a revision, and was made from something else: not by us.</summary>
    private bool HasDrifted(ReplicaSnapshot replica) =>
        replica.Key.Revision == revision.Id && replica.ConfigHash.Length > 0 && revision.ConfigHash.Length > 0 && replica.ConfigHash != revision.ConfigHash;

    /// <summary>For people: what has become of the host that had the slot's replica; null where none is known to have had it.</summary>
    private string? LossOf(int slot) => lost.Where(r => r.Replica.Key.Slot == slot).Select(r => r.Host).FirstOrDefault() switch
    {
        null => null,
        { State: HostState.Down } host => $"host {host.Name} is down{(host.LastSeen is { } seen ? $" since {seen.UtcDateTime:HH:mm:ss} UTC" : "")}",
        var host => $"ended on host {host.Name}, whose engine does not answer",
    };

    /// <summary>It has ended where nothing can be started: another host takes its slot, and when the engine is back what lies there is surplus.</summary>
    private bool IsStranded(HostSnapshot host, ReplicaSnapshot replica) =>
        host is { State: HostState.Ready, IsSchedulable: false }
        && replica.State is ReplicaState.Exited or ReplicaState.Created
        && !(input.IsRepair && IsLeftToTheEngine(replica, service.Container.Restart));

    /// <summary>
    /// The engine restarts by its policy, and stays with what that policy ends. But one that was to be restarted and lies there exited was stopped
    /// by hand, or was not started again after the engine's own crash (Docker 20.10 forgets those that it stopped on its way up). No engine
    /// restarts what runs and is unhealthy.
    /// </summary>
    private static bool IsLeftToTheEngine(ReplicaSnapshot replica, RestartSpec restart) => replica.State switch
    {
        ReplicaState.Exited => restart.Condition == RestartCondition.None
            || (restart.Condition == RestartCondition.OnFailure && replica.ExitCode is 0 or null)
            || (restart.MaxAttempts > 0 && restart.Window == TimeSpan.Zero && replica.RestartCount >= restart.MaxAttempts),
        ReplicaState.Restarting => true,
        ReplicaState.Running => replica.Health != ReplicaHealth.Unhealthy,
        ReplicaState.Created or ReplicaState.Starting or ReplicaState.Retained => false,
    };

    private bool IsWorthKeeping(ReplicaSnapshot replica) =>
        replica.State == ReplicaState.Retained
        && (replica.Key.Revision == revision.Id || IsGood(replica.Key.Revision));

    private bool IsGood(string serviceRevision) => input.GoodRevisions is not { } good || good.Contains(serviceRevision);

    private static string Condition(ReplicaSnapshot replica) => replica.State switch
    {
        ReplicaState.Exited => $"exited with code {replica.ExitCode}",
        ReplicaState.Restarting => "restarting over and over",
        ReplicaState.Running => "unhealthy",
        ReplicaState.Created or ReplicaState.Starting => "not finished starting",
        ReplicaState.Retained => "stopped",
    };

    private ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> At(int slot) => [.. live.Where(r => r.Replica.Key.Slot == slot)];

    /// <summary>What is kept of the slot, the newest first.</summary>
    private IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> Retained(int slot, Func<(HostSnapshot Host, ReplicaSnapshot Replica), bool> which) =>
        retained[slot].Where(which).OrderByDescending(r => r.Replica.Created).ThenBy(r => r.Replica.ContainerName, StringComparer.Ordinal);

    private ServiceRevision? CurrentRevision => input.Current?.Services.GetValueOrDefault(service.Name);

    private List<SlotDraft> Changes() => [.. slots.Where(s => s.Action is not null || s.Old.Length > 0)];

    private static bool IsHomeless(SlotDraft slot) => slot is { Host: null, Action: SlotAction.Create or SlotAction.Replace };

    private bool OverMax(PlacementBoard board, string host) =>
        service.Deploy.Placement.MaxReplicasPerHost is var max and > 0 && board.CountOf(host, service) >= max;

    private List<(int Slot, string? Host)> ReplicatedSlots()
    {
        var numbers = live.Select(r => r.Replica.Key.Slot).Distinct().Order().ToList();
        while (numbers.Count > service.Deploy.Replicas)
        {
            var perHost = numbers.SelectMany(n => At(n).Take(1)).GroupBy(r => r.Host.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
            numbers.Remove(numbers
                .OrderBy(n => At(n).Any(r => PlacementFilter.ConstraintRefusal(r.Host, service, revision) is null))
                .ThenBy(n => At(n).Any(r => r.Replica.IsServing))
                .ThenByDescending(n => perHost[At(n)[0].Host.Name])
                .ThenByDescending(n => n)
                .First());
        }
        for (var next = 1; numbers.Count < service.Deploy.Replicas; next++)
        {
            if (!numbers.Contains(next))
            {
                numbers.Add(next);
            }
        }
        return [.. numbers.Order().Select(n => (n, (string?)null))];
    }

    /// <summary>A number belongs to one host, one that is down included: it comes back with its containers. Where two have the same all the same, the second gets another.</summary>
    private List<(int Slot, string? Host)> GlobalSlots()
    {
        var slotsOfHosts = new List<(int Slot, string? Host)>();
        var withoutSlot = new List<string>();
        var given = new HashSet<int>();

        // What can get no other number keeps its own.
        foreach (var host in input.Fleet.Hosts.Values.Where(h => h.State != HostState.Down && PlacementFilter.ConstraintRefusal(h, service, revision) is null).OrderBy(h => h.IsSchedulable))
        {
            if (live.Where(r => r.Host.Name == host.Name).Select(r => r.Replica.Key.Slot).Order().Cast<int?>().FirstOrDefault(s => !given.Contains(s!.Value)) is { } own)
            {
                given.Add(own);
                slotsOfHosts.Add((own, host.Name));
            }
            else if (host.IsSchedulable)
            {
                withoutSlot.Add(host.Name);
            }
        }
        var used = live.Concat(lost).Select(r => r.Replica.Key.Slot).ToHashSet();
        var next = 1;
        foreach (var host in withoutSlot)
        {
            while (!used.Add(next))
            {
                next++;
            }
            slotsOfHosts.Add((next, host));
        }
        return [.. slotsOfHosts.OrderBy(s => s.Slot)];
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
