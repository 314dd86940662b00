using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Changes;

/// <summary>
/// Between changes: what is missing or does not run is brought back, each slot by itself, so that one that cannot come up holds back no other. A repair is
/// no change: it has no record, for after a crash the inventory says all of it.
/// </summary>
internal sealed partial class StackActor
{
    /// <summary>Several changes of the fleet in a row are looked at once.</summary>
    private static readonly TimeSpan RepairDelay = TimeSpan.FromSeconds(1);

    /// <summary>When nothing can be planned, say for want of a host: looked at again at the latest after this.</summary>
    private static readonly TimeSpan RepairRetry = TimeSpan.FromSeconds(30);

    private readonly CrashBook crashes;
    private readonly Dictionary<IActorRef, Repair> repairs = [];
    private ImmutableArray<string> refusals = [];
    private int repairCount;

    /// <summary>As the coordinator was told last.</summary>
    private bool awaitsHosts;

    private bool MayRepair => options.Repairs && !options.IsPassive && active is null && !isClearing && candidates.Count == 0 && next is null && !head.IsRemoving && Settled is not null;

    /// <summary>Where the last change has led to; after a first deploy that was undone, to nothing: what a host that was lost still has of it goes when it is back.</summary>
    private StackRevision? Settled => Current ?? (head.Current is null && revisions.MaxBy(r => r.Number) is { State: RevisionState.RolledBack } undone ? Nothing(undone) with { State = RevisionState.Good } : null);

    /// <summary>What repairs lead to. Where the last change did not succeed, what is lost of what stands comes back; nothing that is there is replaced or removed.</summary>
    private StackRevision Standing => Settled is { State: RevisionState.Good } good ? good : StandingRevision.Of(Current!, revisions);

    /// <summary>Whose replicas' ends are counted: of what stands, and of services that never came up, those that are wanted.</summary>
    private StackRevision? Watched => Current switch
    {
        null => null,
        { } current when current.State == RevisionState.Good || active is not null => current,
        { } unfinished => With(unfinished, Standing),
    };

    private static StackRevision With(StackRevision unfinished, StackRevision standing) => unfinished with
    {
        Spec = unfinished.Spec with { Services = [.. standing.Spec.Services, .. unfinished.Spec.Services.Where(s => !standing.Services.ContainsKey(s.Name))] },
        Services = unfinished.Services.SetItems(standing.Services),
    };

    private void Observe(StackMessage.Observe message)
    {
        if (Watched is { } watched)
        {
            foreach (var (service, slot) in crashes.Observe(message.Fleet, watched, Now))
            {
                var view = crashes.View(service, slot, watched.Service(service).Container.Restart, Now);
                Note(StackEvents.Replica(StackEventKind.CrashLoop, service, slot, null, view?.Text(Now) ?? "crash loop"));
            }
        }
        Observe();
    }

    /// <summary>A look that is due already is not put off by what happens meanwhile.</summary>
    private void Observe()
    {
        if (MayRepair && !Timers.IsTimerActive(nameof(RepairDue)))
        {
            Timers.StartSingleTimer(nameof(RepairDue), new RepairDue(), RepairDelay);
        }
    }

    private void PlanRepair()
    {
        if (!MayRepair)
        {
            return;
        }
        // Before the fleet is asked: a host that is ready just after that is not missed.
        AwaitHosts(true);
        var (self, unfinished, wanted, good) = (Self, Settled!, Standing, StackRevision.Good(revisions));
        var underWay = repairs.Values
            .SelectMany(r => r.Plan.Slots.Where(s => s.Host is not null).Select(s => (Key: (r.Plan.Service, s.Slot), Host: s.Host!)))
            .DistinctBy(r => r.Key)
            .ToImmutableDictionary(r => r.Key, r => r.Host);
        StandingFleetAsync(wanted).PipeTo(
            self,
            self,
            now => RepairsOf(Planner.Plan(new PlanInput { Stack = stack, Current = wanted, Target = wanted, Fleet = now.Fleet, OutOfTraffic = now.TakenOut, GoodRevisions = good, IsRepair = true, UnderWay = underWay }), wanted, unfinished, now.Fleet),
            e => new RepairPlanned(wanted, [], [e.Message]));
    }

    /// <returns>And what a change has taken out of the traffic: it runs because it could not be stopped, and where nothing else does it has to serve.</returns>
    private async Task<(FleetSnapshot Fleet, ImmutableHashSet<string> TakenOut)> StandingFleetAsync(StackRevision wanted)
    {
        var now = await fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(), ChangePreparation.FleetTimeout);
        if (wanted.State == RevisionState.Good)
        {
            return (now, []);
        }
        var standing = await peers.Traffic.Ask<TrafficMessage.StandingReport>(new TrafficMessage.GetStanding(stack), ChangePreparation.FleetTimeout);
        return (StandingRevision.WithoutStaged(now, wanted, standing.HeldBack), [.. standing.TakenOut]);
    }

    /// <summary>What cannot be planned for one service does not hold back the others.</summary>
    private static RepairPlanned RepairsOf(PlanResult result, StackRevision wanted, StackRevision unfinished, FleetSnapshot now)
    {
        var services = result.Plan?.Services ?? [];
        return new RepairPlanned(wanted, wanted.State == RevisionState.Good ? services : [.. services.Select(s => OfLost(s, unfinished, now))], result.Errors);
    }

    /// <summary>Of what stands: the lost replica comes back, and goes when the one that it stood in for is back. What a change has stopped in a slot stays stopped, for somebody may want it so.</summary>
    private static ServicePlan OfLost(ServicePlan service, StackRevision unfinished, FleetSnapshot now)
    {
        string?[] stopped = [service.ToRevision, unfinished.Services.GetValueOrDefault(service.Service)?.Id];
        var slots = service.Slots
            .Where(s => s switch
            {
                { Action: SlotAction.Create, Old.IsEmpty: true } => !IsStopped(s.Slot),
                { Action: SlotAction.Remove, KeptHost: not null } => s.Old.Any(IsOfWhatStands),
                _ => false,
            })
            .Select(s => s with { Prune = [], Old = [.. s.Old.Where(IsOfWhatStands)] })
            .ToImmutableArray();
        return service with { Slots = slots, Action = slots.IsEmpty ? ServiceAction.None : service.Action };

        bool IsOfWhatStands(Placement old) => old.Revision == service.ToRevision;

        bool IsStopped(int slot) =>
            now.Replicas(unfinished.Spec.Name).Any(r => IsIn(slot, r.Replica) && r.Replica.State == ReplicaState.Retained && stopped.Contains(r.Replica.Key.Revision, StringComparer.Ordinal))
            && !now.Lost(unfinished.Spec.Name).Any(r => IsIn(slot, r.Replica) && r.Replica.State != ReplicaState.Retained);

        bool IsIn(int slot, ReplicaSnapshot replica) => replica.Key.Service == service.Service && replica.Key.Slot == slot;
    }

    private void TakeRepairs(RepairPlanned message)
    {
        var wanted = message.Wanted;
        if (!MayRepair || Settled is not { } now || now.Number != wanted.Number || now.State != wanted.State)
        {
            return;
        }
        NoteRefusals(message.Errors);
        AwaitHosts(!message.Errors.IsEmpty || wanted.Spec.Services.Any(s => s.Deploy.Mode == ServiceMode.Global));
        if (repairs.Count == 0 && wanted.State == RevisionState.Good)
        {
            ServeAgain(message.Services);
        }
        var later = message.Errors.IsEmpty ? (DateTimeOffset?)null : Now + RepairRetry;
        foreach (var service in message.Services.Where(s => s.Action != ServiceAction.None))
        {
            foreach (var part in Parts(service, wanted).Where(p => !repairs.Values.Any(r => r.Plan.Service == p.Service && r.Plan.Slots.Any(s => p.Slots.Any(x => x.Slot == s.Slot)))))
            {
                var at = MayBegin(part);
                if (at <= Now && part.Slots[0].Action == SlotAction.Replace && repairs.Values.Any(r => r.Plan.Service == part.Service))
                {
                    // What is missing comes first: its end is looked at, and then these may be fewer by as many as their policy says.
                    continue;
                }
                if (at <= Now)
                {
                    BeginRepair(part, wanted);
                }
                else if (at is { } due && !(later <= due))
                {
                    later = due;
                }
            }
        }
        if (later is { } again)
        {
            Timers.StartSingleTimer(nameof(RepairLater), new RepairLater(), again - Now);
        }
    }

    /// <summary>Where all is as it should be nothing leaves the traffic: what an earlier rollout had begun to take out, on a host that was lost meanwhile, serves again.</summary>
    private void ServeAgain(ImmutableArray<ServicePlan> services)
    {
        foreach (var service in services.Where(s => s.Action == ServiceAction.None))
        {
            peers.Traffic.Tell(new TrafficMessage.UndrainRevision(stack, service.Service, service.ToRevision, []));
        }
    }

    /// <summary>With something that has no place, or that every host is to have.</summary>
    private void AwaitHosts(bool awaits)
    {
        if (awaits != awaitsHosts)
        {
            awaitsHosts = awaits;
            Context.Parent.Tell(new StackMessage.AwaitsHosts(stack, awaits));
        }
    }

    /// <summary>Said once, and again when it is otherwise.</summary>
    private void NoteRefusals(ImmutableArray<string> errors)
    {
        if (errors.SequenceEqual(refusals))
        {
            return;
        }
        refusals = errors;
        var text = string.Join("; ", errors);
        if (text.Length > 0)
        {
            LogNoRepair(stack, text);
            Note(new StackEvent { Kind = StackEventKind.Warning, Message = $"cannot be repaired now: {text}" });
        }
    }

    /// <summary>Each slot by itself where something is missing or in surplus; replicas that run are replaced together, by the service's policy.</summary>
    private IEnumerable<ServicePlan> Parts(ServicePlan service, StackRevision wanted)
    {
        var spec = wanted.Spec.Services.FirstOrDefault(s => s.Name == service.Service)?.Container;

        // With a healthcheck to go by, a replica that is ready is wanted at once: the revision has proven itself.
        var policy = spec is { Healthcheck: not null } or { Ready: not null } ? service.Policy with { Monitor = TimeSpan.Zero } : service.Policy;
        foreach (var slot in service.Slots.Where(s => s.Action != SlotAction.Replace))
        {
            yield return service with { Slots = [slot], After = [], Policy = policy };
        }
        var replaced = service.Slots.Where(s => s.Action == SlotAction.Replace).ToImmutableArray();
        if (!replaced.IsEmpty)
        {
            yield return service with { Slots = replaced, After = [] };
        }
    }

    /// <summary>Those that go together wait for the one that waits longest. Null: not any more with this revision.</summary>
    private DateTimeOffset? MayBegin(ServicePlan part)
    {
        var restart = RestartOf(part.Service);
        var due = part.Slots.Select(s => crashes.MayTry(part.Service, s.Slot, s.IsAfterEnd, restart, Now)).ToList();
        return due.Contains(null) ? null : due.Max();
    }

    private RestartSpec RestartOf(string service) => Watched?.Spec.Services.FirstOrDefault(s => s.Name == service)?.Container.Restart ?? new RestartSpec();

    private void BeginRepair(ServicePlan part, StackRevision wanted)
    {
        var number = string.Create(CultureInfo.InvariantCulture, $"{Now.ToUnixTimeMilliseconds()}-{++repairCount}");
        var job = new RolloutJob($"{stack}/repair-{number}/{part.Service}", stack, part, wanted) { IsRepair = true };
        var (journal, others, factory) = (new MemoryStore(), peers, loggers);
        var rollout = Context.ActorOf(Props.Create(() => new RolloutActor(job, journal, others, factory)), $"repair-{part.Service}-{number}");
        var restart = RestartOf(part.Service);
        foreach (var slot in part.Slots.Where(s => s.IsAfterEnd))
        {
            crashes.Tried(part.Service, slot.Slot, part.ToRevision, restart, Now);
        }
        repairs[rollout] = new Repair(part);
        foreach (var slot in part.Slots)
        {
            LogRepair(stack, part.Service, slot.Slot, slot.Reason);
            Note(StackEvents.Replica(StackEventKind.RepairBegan, part.Service, slot.Slot, slot.Host, $"{(slot.Action == SlotAction.Remove ? "removed" : "brought back")}: {slot.Reason}{(slot.Placement is null ? "" : $"; placed there: {slot.Placement}")}", slot.Action == SlotAction.Remove ? null : part.ToRevision));
        }
    }

    private void ReportRepair(Repair repair, ChangeEvent happened)
    {
        if (happened is ChangeEvent.ReplicaFailed failed)
        {
            repair.Reports[failed.Slot] = failed.Report;
        }
        foreach (var kept in StackEvents.Of(happened))
        {
            Note(kept);
        }
    }

    private void RepairEnded(RolloutMessage.Ended message)
    {
        repairs.Remove(Sender, out var repair);
        Context.Stop(Sender);
        var restart = RestartOf(message.Service);
        foreach (var slot in repair!.Plan.Slots)
        {
            if (message.Outcome == RolloutOutcome.Failed && (repair.Reports.Count == 0 || repair.Reports.ContainsKey(slot.Slot)))
            {
                crashes.Failed(message.Service, slot.Slot, repair.Plan.ToRevision, restart, repair.Reports.GetValueOrDefault(slot.Slot), slot.IsAfterEnd, Now);
            }
            else if (message.Outcome is RolloutOutcome.Succeeded or RolloutOutcome.Failed)
            {
                crashes.Succeeded(message.Service, slot.Slot);
            }
        }
        if (message.Outcome is RolloutOutcome.Succeeded or RolloutOutcome.Failed)
        {
            var words = message.Outcome == RolloutOutcome.Succeeded ? "repaired" : $"not repaired, tried again later: {repair.Reports.Values.LastOrDefault()?.Message ?? message.Reason}";
            Note(StackEvents.Replica(StackEventKind.RepairEnded, message.Service, repair.Plan.Slots[0].Slot, repair.Plan.Slots[0].Host, words, repair.Plan.Slots[0].Action == SlotAction.Remove ? null : repair.Plan.ToRevision));
        }
        BeginNext();
        Observe();
    }

    private StackState State() => new(head, [.. revisions.OrderByDescending(r => r.Number)], active?.Record, active?.PauseReason ?? active?.HoldReason)
    {
        Repairing = [.. repairs.Values.Select(r => r.Plan.Service).Distinct().Order(StringComparer.Ordinal)],
        Refusals = refusals,
        CrashLoops = crashes.Views(Watched, Now),
    };

    /// <summary>A change plans from what is there: what is half repaired is let go first.</summary>
    private void EndRepairs()
    {
        foreach (var rollout in repairs.Keys)
        {
            rollout.Tell(new RolloutMessage.Supersede("superseded by a change"));
        }
    }

    private sealed record RepairDue;

    private sealed record RepairLater;

    private sealed record RepairPlanned(StackRevision Wanted, ImmutableArray<ServicePlan> Services, ImmutableArray<string> Errors);

    private sealed class Repair(ServicePlan plan)
    {
        public ServicePlan Plan { get; } = plan;

        /// <summary>Slot → why it failed.</summary>
        public SortedDictionary<int, FailureReport> Reports { get; } = [];
    }
}
