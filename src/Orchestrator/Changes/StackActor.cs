using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Changes;

/// <summary>One stack: serialises its changes, splits a plan over its services along depends_on, sends failed ones back, and repairs what is missing.</summary>
internal sealed partial class StackActor : ReceiveActor, IWithTimers, IWithStash
{
    /// <summary>How often a follower hears what is waited for when nothing else happens.</summary>
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(5);

    /// <summary>Stopping is bounded on the agent; this covers a stack's worth of it.</summary>
    private static readonly TimeSpan RemoveTimeout = TimeSpan.FromMinutes(15);

    private readonly StackOptions options;
    private readonly StackStore store;
    private readonly CertificateBook certificates;
    private readonly CoordinatorPeers peers;
    private readonly IActorRef fleet;
    private readonly IActorRef traffic;
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly string stack;
    private readonly FollowerList followers = new();
    private StackHead head;
    private ImmutableArray<StackRevision> revisions = [];
    private ActiveChange? active;

    /// <summary>The stack is being removed.</summary>
    private bool isClearing;

    private int loads;

    public StackActor(string stack, StackOptions options, StackStore store, CertificateBook certificates, CoordinatorPeers peers, ILoggerFactory loggers)
    {
        this.stack = stack;
        this.options = options;
        this.store = store;
        this.certificates = certificates;
        this.peers = peers;
        fleet = peers.Fleet;
        traffic = peers.Traffic;
        this.loggers = loggers;
        logger = loggers.CreateLogger<StackActor>();
        head = new StackHead { Stack = stack };
        events = new StackEventLog(stack);
        crashes = new CrashBook(stack);
        ReceiveAsync<Load>(_ => LoadAsync());
        ReceiveAny(_ => Stash.Stash());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private DateTimeOffset Now => Context.System.Scheduler.Now;

    private StackRevision? Current => revisions.FirstOrDefault(r => r.Number == head.Current);

    protected override void PreStart() => Self.Tell(new Load());

    /// <summary>A fault of ours: the change is taken up again from its journal by the next incarnation, which knows nobody who watches.</summary>
    protected override void PreRestart(Exception reason, object? message)
    {
        var end = new ChangeEvent.Ended(ChangeOutcome.Failed, head.Current ?? 0, $"the coordinator had a fault of its own ({reason.GetType().Name}: {reason.Message}) and stopped reporting; the change goes on: follow it with `orchestrator watch {stack}`") { At = Now };
        followers.Tell(end, Self);
        var unheard = (message as StackMessage.Change)?.Follower;
        foreach (var follower in candidates.Append(next).Append((message as Prepared)?.Candidate).SelectMany(c => c?.Followers ?? []).Append(unheard).OfType<IActorRef>().Distinct())
        {
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Internal, $"the coordinator had a fault of its own ({reason.GetType().Name}: {reason.Message}) before it accepted the request; its log has the details, `orchestrator ps {stack}` shows how the stack is"));
        }

        // The next incarnation has the log, and this message.
        Self.Tell(new Faulted($"the coordinator had a fault of its own ({reason.GetType().Name}: {reason.Message}); it goes on from what is stored"));
        base.PreRestart(reason, message);
    }

    private async Task LoadAsync()
    {
        StoredStack stored;
        try
        {
            stored = await store.LoadAsync(stack);
            events.Load(await store.EventsAsync(stack));
        }
        catch (Exception e)
        {
            StoreRetry.LoadLater(Timers, new Load(), logger, e, $"stack {stack}", ++loads);
            return;
        }
        head = stored.Head ?? head;
        followers.Restore(stored.Last, head);
        revisions = stored.Revisions;
        Become(Ready);
        Stash.UnstashAll();
        if (options.IsPassive)
        {
            active = stored.Active is null ? null : new ActiveChange(stored.Active, revisions);
            return;
        }
        if (head.IsRemoving)
        {
            RemoveLater(RepairDelay);
        }
        else if (stored.Active is not null)
        {
            LogResumed(stack, stored.Active.Number, stored.Active.Kind);
            Note(new StackEvent { Kind = StackEventKind.ChangeTakenUp, Message = $"the {stored.Active.Kind.ToString().ToLowerInvariant()} to revision {stored.Active.Plan.TargetRevision} is taken up from its record: whoever carried it out before has ended" });
            Execute(new ActiveChange(stored.Active, revisions, isTakenUp: true));
            RevertIfReady();
            await ConcludeAsync();
        }
        Observe();
    }

    private void Ready()
    {
        Receive<Load>(_ => { });
        Receive<Faulted>(m => Note(new StackEvent { Kind = StackEventKind.Fault, Message = m.Message }));
        Receive<RemovalDue>(_ => RemoveAgain());
        ReceiveAsync<StackMessage.Change>(m => ChangeAsync(m.Request, m.Follower));
        Receive<StackMessage.PlanOnly>(PlanOnly);
        Receive<StackMessage.GetState>(_ => Sender.Tell(State()));
        ReceiveAsync<StackMessage.Explain>(ExplainAsync);
        ReceiveAsync<StackMessage.SetMaintenance>(MaintainAsync);
        ReceiveAsync<StackMessage.GetEvents>(TellEventsAsync);
        ReceiveAsync<EventsDue>(_ => SaveEventsAsync());
        Receive<StackMessage.HostChanged>(m => NoteHost(m.Host));
        Receive<StackMessage.EngineChanged>(m => NoteEngine(m.Host));
        Receive<StackMessage.Observe>(Observe);
        ReceiveAsync<Prepared>(PreparedAsync);
        Receive<PreparationFailed>(m => Refuse(m.Candidate, m.Error));
        Receive<RepairDue>(_ => PlanRepair());
        Receive<RepairLater>(_ => PlanRepair());
        Receive<RepairPlanned>(TakeRepairs);
        ReceiveAsync<RolloutMessage.Reported>(m => m.Event is ChangeEvent.Promoted && !repairs.ContainsKey(Sender), m => PromotedAsync((ChangeEvent.Promoted)m.Event));
        Receive<RolloutMessage.Reported>(m =>
        {
            if (repairs.TryGetValue(Sender, out var repair))
            {
                ReportRepair(repair, m.Event);
            }
            else
            {
                Report(m.Event);
            }
        });
        Receive<RolloutMessage.Recovered>(_ => repairs.ContainsKey(Sender), _ => { });
        Receive<RolloutMessage.Ended>(_ => repairs.ContainsKey(Sender), RepairEnded);
        ReceiveAsync<RolloutMessage.Recovered>(RecoveredAsync);
        ReceiveAsync<RolloutMessage.Continued>(ContinuedAsync);
        ReceiveAsync<RolloutMessage.Resumed>(m => ResumedAsync(m.Service));
        ReceiveAsync<RolloutMessage.Held>(HeldAsync);
        ReceiveAsync<RolloutMessage.Paused>(PausedAsync);
        ReceiveAsync<RolloutMessage.Ended>(EndedAsync);
        ReceiveAsync<RollbackPlanned>(RollbackPlannedAsync);
        ReceiveAsync<RevertPlanned>(RevertPlannedAsync);
        ReceiveAsync<HostsCleared>(HostsClearedAsync);
        Receive<Heartbeat>(_ => Beat());
        Receive<Terminated>(m => followers.Remove(m.ActorRef));
    }

    private async Task ChangeAsync(ChangeRequest request, IActorRef follower)
    {
        if (active is { IsRecovering: true })
        {
            Stash.Stash();
            return;
        }
        if (request.WaitsForPromotion)
        {
            followers.Stays(follower);
        }
        NoteRequest(request);
        switch (request)
        {
            case ChangeRequest.Promote promote:
                await PromoteAsync(promote, follower);
                break;
            case ChangeRequest.Watch:
                Watch(follower);
                break;
            case ChangeRequest.Resume:
                await ResumeAsync(follower);
                break;
            case ChangeRequest.Abort:
                await AbortAsync(follower);
                break;
            case ChangeRequest.Pause:
                await PauseAsync(request, follower);
                break;
            case ChangeRequest.Deploy deploy when !deploy.ForceRecreate && Newest?.IsFor(deploy) == true:
                Attach(Newest, follower);
                break;
            case ChangeRequest.Deploy deploy when Newest is null && active is { IsPaused: false } running && !deploy.ForceRecreate && running.IsFor(deploy, revisions):
                Follow(follower, withPast: true);
                break;
            case ChangeRequest.Apply apply when active is not null && (!active.IsPaused || apply.File.State.LastRevision != head.LastRevision):
                // What its plan was made from is changing: what would be carried out is not what was looked at.
                follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"a change of stack {stack} is {StandingOf(active)}, and no plan holds beside it; nothing was changed, it goes on. Wait for it (`orchestrator watch {stack}`) or end it (`orchestrator abort {stack}`), then make the plan again"));
                break;
            default:
                await TakeAsync(request, follower);
                break;
        }
    }

    private void Watch(IActorRef follower)
    {
        if (active is { IsPaused: false } || isClearing || candidates.Count > 0 || next is not null)
        {
            Follow(follower, withPast: true);
            return;
        }
        var paused = active is { } waiting ? PausedEnd(waiting) with { At = Now } : null;
        follower.Tell(new StackMessage.Followed(paused ?? followers.Last ?? new ChangeEvent.Ended(ChangeOutcome.NothingToDo, head.Current ?? 0, $"nothing is under way for stack {stack}") { At = Now }));
    }

    private async Task ResumeAsync(IActorRef follower)
    {
        if (active is null)
        {
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} has no paused rollout to resume"));
            return;
        }
        if (active is { IsPaused: false, Record.Pause: null } or { Record.WindsDown: not null })
        {
            Follow(follower, withPast: true);
            return;
        }
        var record = active.Record;
        active.Resume();
        await SaveAsync(head, SetState(record.Plan.TargetRevision, RevisionState.Running, null), active.Record);
        Follow(follower, withPast: false);
        Tell(new ChangeEvent.Accepted(stack, ChangeId(record), record.Plan.TargetRevision));
        Timers.StartPeriodicTimer(nameof(Heartbeat), new Heartbeat(), HeartbeatInterval);
        StartServices();
        if (!active.HasRollouts)
        {
            // Nothing of it was left to do.
            await ConcludeAsync();
        }
    }

    private async Task PauseAsync(ChangeRequest request, IActorRef follower)
    {
        if (active is null)
        {
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} has no rollout to pause{(candidates.Count > 0 ? " yet: it is being planned" : "")}"));
            return;
        }
        if (active.IsPaused)
        {
            follower.Tell(new StackMessage.Followed(PausedEnd(active) with { At = Now }));
            return;
        }
        if (active.Record.WindsDown is not null)
        {
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"the change of stack {stack} is being ended already; `orchestrator watch {stack}` follows it"));
            return;
        }
        if (active.Record.Revert is not null)
        {
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"the change of stack {stack} is going back as a whole, and what is left half way serves nobody; it goes on: `orchestrator watch {stack}` follows it"));
            return;
        }
        active.Pause(ByOf(request.By), Now);

        // Only now: of what was held until then, the end to hear of is the pause.
        Follow(follower, withPast: false);
        await SaveAsync(head, [], active.Record);
        await ConcludeAsync();
    }

    private async Task AbortAsync(IActorRef follower)
    {
        if (active is null)
        {
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} has no rollout to abort"));
            return;
        }
        await WindDownAsync(ChangeOutcome.Aborted, follower);
    }

    /// <param name="follower">Who asked, if it follows what it has asked for.</param>
    private async Task WindDownAsync(ChangeOutcome outcome, IActorRef? follower = null)
    {
        active!.WindDown(outcome);
        if (follower is not null)
        {
            Follow(follower, withPast: false);
        }
        await SaveAsync(head, [], active.Record);
        await ConcludeAsync();
    }

    private async Task StartAsync(PreparedChange change, string? by)
    {
        var record = new ChangeRecord
        {
            Number = head.LastChange + 1,
            Kind = change.Kind,
            Started = Now,
            By = by,
            Plan = change.Plan,
            IsAtomic = change.IsAtomic,
            IsAgain = change.Target.Number == head.Current && Current is { State: RevisionState.Good },
            RollbackRevision = change.IsAtomic
                ? ChangePreparation.RevertTarget(revisions, head.Current, change.Target.Number)
                : ChangePreparation.RollbackTarget(revisions, head.Current, change.Target.Number)?.Number ?? (change.Target.Number == head.Current && Current is { WasGood: true } ? head.Current : null),
        };
        var nextHead = head with { Current = change.Target.Number, LastRevision = Math.Max(head.LastRevision, change.Target.Number), LastChange = record.Number, IsRemoving = false, RemovingVolumes = [], Unpromoted = UnpromotedBy(change.Plan) };
        var target = change.Kind == ChangeKind.Repair ? change.Target : change.Target with { State = RevisionState.Running, Detail = null };
        NoteBegin(record, change.Plan);
        await SaveAsync(nextHead, [target], record);
        LogStarted(stack, record.Number, record.Kind, change.Plan.BaseRevision, change.Plan.TargetRevision);
        Tell(new ChangeEvent.Accepted(stack, ChangeId(record), change.Plan.TargetRevision));
        Tell(new ChangeEvent.Planned(change.Plan));
        if (change.Plan.IsEmpty)
        {
            await SettleAsync();
        }
        Execute(new ActiveChange(record, revisions));
        await ConcludeAsync();
    }

    private void Execute(ActiveChange change)
    {
        active = change;
        Timers.StartPeriodicTimer(nameof(Heartbeat), new Heartbeat(), HeartbeatInterval);
        StartServices();
    }

    private void StartServices()
    {
        foreach (var (plan, isWayBack) in active!.TakeStartable())
        {
            var target = isWayBack ? revisions.FirstOrDefault(r => r.Number == active.Record.RollbackRevision) : revisions.FirstOrDefault(r => r.Number == active.Record.Plan.TargetRevision);
            var id = $"{ChangeId(active.Record)}/{plan.Service}{(isWayBack ? "/back" : "")}";
            var job = new RolloutJob(id, stack, plan, target) { IsRollback = isWayBack || active.Record.Kind == ChangeKind.Rollback };
            var (entries, others, factory) = (store.Entries, peers, loggers);
            var rollout = Context.ActorOf(Props.Create(() => new RolloutActor(job, entries, others, factory)), $"service-{plan.Service}-{active.Record.Number}{(isWayBack ? "-back" : "")}");
            active.Started(plan.Service, rollout);
            Tell(new ChangeEvent.ServiceStarted(plan.Service, plan.Action, plan.Slots.Length));
        }
    }

    private async Task PausedAsync(RolloutMessage.Paused message)
    {
        if (active?.Paused(message.Service, message.Reason) == true)
        {
            Tell(new ChangeEvent.ServiceEnded(message.Service, ChangeOutcome.Paused, message.Succeeded, message.Failed, message.Reason));
        }
        await ConcludeAsync();
    }

    private async Task EndedAsync(RolloutMessage.Ended message)
    {
        if (active is null || active.Record.Ends.ContainsKey(message.Service) || !active.IsFrom(message.Service, Sender))
        {
            return;
        }
        Context.Stop(Sender);
        var wayBack = active.Record.Rollbacks.ContainsKey(message.Service);
        if (!wayBack && active.Record is { IsAtomic: true, WindsDown: null } && await RevertAsync(message))
        {
            return;
        }
        if (message.Outcome == RolloutOutcome.NeedsRollback && active.Record.WindsDown is { } windsDown)
        {
            await EndServiceAsync(message.Service, windsDown, message.Reason, message.Succeeded, message.Failed);
            return;
        }
        if (message.Outcome == RolloutOutcome.NeedsRollback && !wayBack)
        {
            await PlanRollbackAsync(message);
            return;
        }
        var outcome = message.Outcome switch
        {
            RolloutOutcome.Succeeded => wayBack ? ChangeOutcome.RolledBack : ChangeOutcome.Done,
            RolloutOutcome.Failed or RolloutOutcome.NeedsRollback => ChangeOutcome.Failed,
            RolloutOutcome.Superseded => ChangeOutcome.Superseded,
            RolloutOutcome.Aborted => ChangeOutcome.Aborted,
        };
        await EndServiceAsync(message.Service, outcome, message.Reason ?? (wayBack ? active.RollbackReason(message.Service) : null), message.Succeeded, message.Failed, message.IsSwitched && !wayBack);
    }

    private async Task EndServiceAsync(string service, ChangeOutcome outcome, string? reason, int succeeded, int failed, bool isSwitched = false)
    {
        active!.Ended(service, new ServiceEnd(outcome, reason, isSwitched));
        await SaveAsync(head, [], active.Record);
        Tell(new ChangeEvent.ServiceEnded(service, outcome, succeeded, failed, reason));
        StartServices();
        await ConcludeAsync();
    }

    /// <summary>Ends or pauses the change when nothing of it is left to do.</summary>
    private async Task ConcludeAsync()
    {
        if (active is not { } change || change.IsBusy)
        {
            return;
        }
        if (change.IsPaused)
        {
            Note(new StackEvent { Kind = StackEventKind.ChangePaused, Message = PausedMessage(change) });
            await SaveAsync(head, SetState(change.Record.Plan.TargetRevision, RevisionState.Paused, change.PauseReason), change.Record);
            Timers.Cancel(nameof(Heartbeat));
            Tell(PausedEnd(change));
            if (next is not null)
            {
                await WindDownAsync(ChangeOutcome.Superseded);
            }
            return;
        }
        if (change.IsHeld)
        {
            if (NoLongerPaused(change) is { IsEmpty: false } lifted)
            {
                await SaveAsync(head, lifted, change.Record);
            }
            TellHeld();
            return;
        }
        var (outcome, message, nextHead, changed) = ChangeConclusion.Of(change.Record, head, revisions, Now);
        var record = change.Record with { Outcome = outcome, Message = message };
        nextHead = nextHead with { Unpromoted = StillUnpromoted(record) };
        Note(new StackEvent { Kind = StackEventKind.ChangeEnded, Message = message });
        await SaveAsync(nextHead, changed, record);
        LogEnded(stack, record.Number, outcome, message);
        active = null;
        Timers.Cancel(nameof(Heartbeat));
        Tell(new ChangeEvent.Ended(outcome, nextHead.Current ?? 0, message));
        BeginNext();
        Observe();
    }

    private ImmutableArray<StackRevision> SetState(int number, RevisionState state, string? detail) =>
        revisions.FirstOrDefault(r => r.Number == number) is { } revision && (revision.State != state || revision.Detail != detail) ? [revision with { State = state, Detail = detail }] : [];

    /// <summary>Durable first, then in memory.</summary>
    private async Task SaveAsync(StackHead nextHead, ImmutableArray<StackRevision> changed, ChangeRecord? record)
    {
        var kept = ImmutableArray.CreateRange(changed.Concat(revisions.Where(r => changed.All(c => c.Number != r.Number))).OrderByDescending(r => r.Number));
        var dropped = StackStore.Surplus(kept, nextHead, record is null ? active?.Record : record.Outcome is null ? record : null);
        await store.SaveAsync(nextHead, changed, record, dropped, events.Take());
        var isRetargeted = nextHead != head || dropped.Length > 0 || changed.Any(c => revisions.All(r => r.Number != c.Number));
        head = nextHead;
        revisions = [.. kept.Where(r => !dropped.Contains(r.Number))];
        if (isRetargeted)
        {
            traffic.Tell(new TrafficMessage.Retarget(head, revisions));
        }
    }

    private string ChangeId(ChangeRecord record) => $"{stack}/{record.Number}";

    private static ChangeEvent.Ended PausedEnd(ActiveChange change) => new(ChangeOutcome.Paused, change.Record.Plan.TargetRevision, PausedMessage(change));

    private static string PausedMessage(ActiveChange change) =>
        $"paused at revision {change.Record.Plan.TargetRevision}: {change.PauseReason}; go on with `orchestrator resume {change.Record.Plan.Stack}`, or {ChangeConclusion.WayOut(change.Record)}";

    private void Beat()
    {
        if (active is { IsPaused: false } change && followers.QuietSince is { } quiet && Now - quiet >= HeartbeatInterval)
        {
            followers.Beat(new ChangeEvent.Waiting(change.WaitsFor(), Now - quiet) { At = Now }, Self);
        }
    }

    private void Follow(IActorRef follower, bool withPast)
    {
        if (!follower.Equals(ActorRefs.Nobody))
        {
            Context.Watch(follower);
            followers.Add(follower, withPast, Self);
            TellHeld();
        }
    }

    private void Report(ChangeEvent happened)
    {
        active?.Note(happened);
        Tell(happened);
    }

    private void Tell(ChangeEvent happened)
    {
        foreach (var kept in StackEvents.Of(happened))
        {
            Note(kept);
        }
        followers.Tell(happened with { At = Now }, Self);
    }

    private sealed record Load;

    private sealed record Faulted(string Message);

    private sealed record Heartbeat;
}
