using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Rollouts;

/// <summary>
/// The shell around <see cref="Rollout"/>: journals each event, then carries out what it releases. Rebuilds itself from the journal, so it may be
/// restarted at any moment.
/// </summary>
internal sealed partial class RolloutActor : ReceiveActor, IWithTimers, IWithStash
{
    private const string WakeupTimer = "wakeup";
    private const string LookTimer = "look";

    /// <summary>How soon the fleet is asked again for what it has not been told yet; until <see cref="ReplicaWatch.Patience"/>.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Before a failure of the store, the fleet or the networks is tried again: such pass, and meanwhile they are not asked without pause.</summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    /// <summary>About a minute, then the rollout ends in words: until it has recovered nothing else can be asked of its stack.</summary>
    private const int RecoveriesMax = 60;

    private readonly RolloutJob job;
    private readonly IStore store;
    private readonly IActorRef fleet;
    private readonly HashSet<string> attended = new(StringComparer.Ordinal);
    private readonly IActorRef traffic;
    private readonly IActorRef networks;
    private readonly ILogger logger;
    private readonly Dictionary<string, RolloutCommand> sent = new(StringComparer.Ordinal);
    private readonly ReplicaWatch watch = new();

    /// <summary>By slot: as <see cref="TrafficMessage.Published"/> had it.</summary>
    private readonly Dictionary<int, int?> restarts = [];

    /// <summary>Set by <see cref="RecoverAsync"/>, before anything else is heard.</summary>
    private RolloutState state = null!;
    private int journaled;
    private int recoveries;
    private int judgements;

    /// <summary>The one whose verdict counts; null when none is under way.</summary>
    private string? judgement;

    /// <summary>The stack's networks that span hosts; null when none does.</summary>
    private AllocationMessage.Allocated? spanning;

    public RolloutActor(RolloutJob job, IStore store, CoordinatorPeers peers, ILoggerFactory loggers)
    {
        this.job = job;
        this.store = store;
        fleet = peers.Fleet;
        traffic = peers.Traffic;
        networks = peers.Networks;
        logger = loggers.CreateLogger<RolloutActor>();
        ReceiveAsync<Recover>(_ => RecoverAsync());
        ReceiveAny(_ => Stash.Stash());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override void PreStart() => Self.Tell(new Recover());

    protected override void PostRestart(Exception reason) => RecoverLater();

    private async Task RecoverAsync()
    {
        try
        {
            state = Rollout.Begin(job.Plan);
        }
        catch (ArgumentException e)
        {
            GiveUp($"the plan cannot be carried out, which is an error of this program: {e.Message}");
            return;
        }
        string? hindrance;
        try
        {
            hindrance = await LoadAsync();
        }
        catch (Exception e) when (++recoveries < RecoveriesMax)
        {
            LogNotRecovered(e, job.Id, recoveries);
            RecoverLater();
            return;
        }
        catch (Exception e)
        {
            hindrance = $"the rollout could not be taken up in {RecoveriesMax} tries: {e.Message}; deploy again when the coordinator's log shows no such failures any more";
        }
        if (hindrance is not null)
        {
            GiveUp(hindrance);
            return;
        }
        if (journaled > 0)
        {
            LogRecovered(job.Id, journaled, state.Phase);
        }
        else if (job.IsRepair)
        {
            // What stays, too: a change that failed may have begun to take it out.
            foreach (var slot in job.Plan.Slots)
            {
                if ((slot.Host ?? slot.KeptHost) is { } host)
                {
                    traffic.Tell(new TrafficMessage.Undrain(KeyOf(slot.Slot), host));
                }
            }
        }
        else
        {
            // What an earlier rollout had begun to take out of the traffic stays, if this one leads to it.
            var switched = job.Plan.Strategy is { Kind: StrategyKind.BlueGreen } ? job.Plan.Slots.Where(s => s.Action != SlotAction.Remove).Select(s => s.Slot).ToImmutableArray() : [];
            traffic.Tell(new TrafficMessage.UndrainRevision(job.Stack, job.Plan.Service, job.Plan.ToRevision, switched));
        }
        foreach (var slot in job.Plan.Slots)
        {
            if (slot.Host is { } host)
            {
                Attend(host);
            }
        }
        fleet.Tell(new FleetMessage.Subscribe(Replicas: job.Plan.Strategy is not null));
        Become(Running);
        Stash.UnstashAll();
        Carry(Rollout.Outstanding(state));
        if (state.Phase == RolloutPhase.Paused)
        {
            Context.Parent.Tell(new RolloutMessage.Paused(job.Plan.Service, state.Reason ?? "", state.Succeeded, state.Failed));
        }
        else if (state.Phase == RolloutPhase.Ended)
        {
            TellEnded();
        }
        else
        {
            if (state.Phase == RolloutPhase.Holding)
            {
                TellHeld();

                // The hold may be over: what has died meanwhile is not promoted.
                await ExamineAsync(await fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(job.Stack), ChangePreparation.FleetTimeout));
            }
            await RecordAsync([]);
            Look();
        }
        Context.Parent.Tell(new RolloutMessage.Recovered(job.Plan.Service));
    }

    /// <summary>What the rollout is rebuilt from.</summary>
    /// <returns>Why it cannot be carried out; null: it can.</returns>
    private async Task<string?> LoadAsync()
    {
        journaled = 0;
        foreach (var entry in await store.ListAsync(job.JournalPrefix, CancellationToken.None))
        {
            state = Rollout.Apply(state, JsonSerializer.Deserialize(entry.Value, StoreJson.Default.RolloutEvent)!);
            journaled++;
        }
        if (job.Target is not { } target)
        {
            return null;
        }
        var snapshot = await fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), FleetActor.RefreshTimeout);
        spanning = await Spanning.AskStandingAsync(networks, target.Spec, snapshot);
        if (target.Spec.Services.FirstOrDefault(s => s.Name == job.Plan.Service) is not { } service)
        {
            // It leaves the stack.
            return null;
        }
        var next = state.Slots.Where(s => s.Phase is not (SlotPhase.Done or SlotPhase.Failed or SlotPhase.Cancelled)).Select(s => s.Host).OfType<string>();
        return spanning?.Without(service, next.Where(snapshot.Hosts.ContainsKey).Distinct(StringComparer.Ordinal)) is { IsEmpty: false } without ? NoPart(without) : null;
    }

    private static string NoPart(ImmutableArray<string> hosts) =>
        $"the stack's networks have no part left for {string.Join(", ", hosts)}: give them larger subnets under new names, or remove hosts that are gone, then deploy again";

    private void RecoverLater() => Timers.StartSingleTimer(nameof(Recover), new Recover(), RetryPause);

    /// <summary>Its stack waits for an end, and then stops this.</summary>
    private void GiveUp(string reason)
    {
        Become(() => ReceiveAny(_ => { }));
        Context.Parent.Tell(new RolloutMessage.Ended(job.Plan.Service, RolloutOutcome.Failed, reason, state?.Succeeded ?? 0, state?.Failed ?? 0));
        Context.Parent.Tell(new RolloutMessage.Recovered(job.Plan.Service));
    }

    private void Running()
    {
        Receive<Recover>(_ => { });
        ReceiveAsync<Wakeup>(_ => RecordAsync([]));
        ReceiveAsync<FleetMessage.Answered>(AnsweredAsync);
        ReceiveAsync<TrafficMessage.Published>(PublishedAsync);
        Receive<TrafficMessage.Awaited>(m =>
        {
            if (PublishingOf(m.Replica, m.Host) is { } slot)
            {
                Report(new ChangeEvent.ReplicaMoved(job.Plan.Service, slot.Plan.Slot, m.Host, m.Replica.Revision, ReplicaStep.Passed, m.For));
            }
        });
        ReceiveAsync<TrafficMessage.Refused>(m => (PublishingOf(m.Replica, m.Host) ?? DrainingOf(m.Replica, m.Host)) is { } slot ? RecordAsync(new RolloutEvent.ReplicaFailed(slot.Plan.Slot, slot.Attempt, m.Report) { At = Now }) : Task.CompletedTask);
        ReceiveAsync<TrafficMessage.Drained>(DrainedAsync);
        ReceiveAsync<TrafficMessage.Kept>(KeptAsync);
        ReceiveAsync<TrafficMessage.Withheld>(m => WithholdingOf(m.Replica) is { } slot ? RecordAsync(new RolloutEvent.ReplicaWithheld(slot.Plan.Slot, slot.Attempt) { At = Now }) : Task.CompletedTask);
        ReceiveAsync<FleetMessage.Changed>(m => ExamineAsync(m.Fleet));
        ReceiveAsync<FleetSnapshot>(ExamineAsync);
        ReceiveAsync<JudgementMessage.Judged>(JudgedAsync);
        ReceiveAsync<FleetMessage.HostLost>(m => state.LostHosts.Contains(m.Host) || !Concerns(m.Host) ? Task.CompletedTask : RecordAsync(new RolloutEvent.HostLost(m.Host) { At = Now }));
        ReceiveAsync<Reassignment>(m =>
        {
            spanning = m.Spanning;
            if (m.Event is RolloutEvent.SlotReassigned reassigned)
            {
                Attend(reassigned.Host);
            }
            return RecordAsync(m.Event with { At = Now });
        });
        Receive<NotReassigned>(m =>
        {
            LogNotReassigned(m.Cause, job.Id, m.Command.Slot);
            Timers.StartSingleTimer($"reassign/{m.Command.Slot}", new ReassignDue(m.Command), RetryPause);
        });
        Receive<ReassignDue>(m =>
        {
            // Until the slot's deadline.
            if (state.Slot(m.Command.Slot) is { Phase: SlotPhase.Reassigning } slot && slot.Attempt == m.Command.Attempt)
            {
                Reassign(m.Command);
            }
        });
        ReceiveAsync<RolloutMessage.Resume>(_ => ResumeAsync());
        ReceiveAsync<RolloutMessage.Pause>(m => state.Phase is RolloutPhase.Running or RolloutPhase.Delaying or RolloutPhase.Holding ? RecordAsync(new RolloutEvent.PauseStarted(m.Reason) { At = Now }) : Task.CompletedTask);
        ReceiveAsync<RolloutMessage.GoBack>(m => state.Phase is RolloutPhase.Unwinding or RolloutPhase.Aborting or RolloutPhase.Ended
            ? Task.CompletedTask
            : RecordAsync(new RolloutEvent.UnwindStarted(RolloutOutcome.NeedsRollback, m.Reason) { At = Now }));
        ReceiveAsync<RolloutMessage.Promote>(_ => state.Phase == RolloutPhase.Holding ? RecordAsync(new RolloutEvent.Promoted(OnRequest: true) { At = Now }) : Task.CompletedTask);
        ReceiveAsync<RolloutMessage.Abort>(m => RecordAsync(new RolloutEvent.AbortRequested(m.Reason) { At = Now }));
        ReceiveAsync<RolloutMessage.Supersede>(m => RecordAsync(new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, m.Reason) { At = Now }));
    }

    private async Task ResumeAsync()
    {
        if (state.Phase is RolloutPhase.Paused or RolloutPhase.Pausing)
        {
            await RecordAsync(new RolloutEvent.Resumed { At = Now });
        }
        Context.Parent.Tell(new RolloutMessage.Resumed(job.Plan.Service));
    }

    private Task PublishedAsync(TrafficMessage.Published message)
    {
        if (PublishingOf(message.Replica, message.Host) is not { } slot)
        {
            return Task.CompletedTask;
        }
        restarts[slot.Plan.Slot] = message.Restarts;
        return RecordAsync(new RolloutEvent.ReplicaPublished(slot.Plan.Slot, slot.Attempt) { At = Now });
    }

    private Task DrainedAsync(TrafficMessage.Drained message)
    {
        if (message.Replica.Revision == job.Plan.ToRevision && state.Slot(message.Replica.Slot) is { Phase: SlotPhase.Cancelling } slot && slot.Host == message.Host)
        {
            var cancel = new RolloutCommand.CancelNew(slot.Plan.Slot, message.Host, slot.Attempt);
            Send(message.Host, cancel, new AgentCommand.StopReplica { CommandId = $"{job.Id}/{cancel.Slot}/{cancel.Attempt}/cancel", Key = message.Replica });
            return Task.CompletedTask;
        }
        return RecordAsync(new RolloutEvent.OldDrained(message.Replica.Slot, message.Host, message.Replica.Revision) { At = Now });
    }

    /// <summary>It passed its gate before it could be called off, and its slot has nothing else: whatever is planned next finds it.</summary>
    private Task KeptAsync(TrafficMessage.Kept message) =>
        NewOf(message.Replica, message.Host, SlotPhase.Cancelling) is { } slot ? RecordAsync(new RolloutEvent.NewCancelled(slot.Plan.Slot, slot.Attempt) { At = Now }) : Task.CompletedTask;

    private SlotState? PublishingOf(ReplicaKey replica, string host) => NewOf(replica, host, SlotPhase.Publishing);

    private SlotState? DrainingOf(ReplicaKey replica, string host) => NewOf(replica, host, SlotPhase.Draining);

    private SlotState? NewOf(ReplicaKey replica, string host, SlotPhase phase) =>
        state.Slot(replica.Slot) is { } slot && slot.Phase == phase && slot.HostLeft == host && replica.Revision == job.Plan.ToRevision ? slot : null;

    /// <summary>What takes the place of the slot's old replicas, or has it already; null where nothing does, or not before they are gone.</summary>
    private TrafficMessage.Successor? SuccessorOf(int number) =>
        state.Slot(number) is { Phase: SlotPhase.Draining, HostLeft: { } host } ? new TrafficMessage.Successor(KeyOf(number), host, restarts.GetValueOrDefault(number)) : null;

    private SlotState? WithholdingOf(ReplicaKey replica) =>
        state.Slot(replica.Slot) is { Phase: SlotPhase.Withholding } slot && replica.Revision == job.Plan.ToRevision ? slot : null;

    private Task ExamineAsync(FleetSnapshot fleetNow)
    {
        // Together: the first of them must not let go what the second would hold.
        IReadOnlyList<RolloutEvent> happened = watch.Examine(state, job.Stack, fleetNow, Now);
        if (happened.Count == 0)
        {
            happened = [.. state.Slots
                .Where(s => Rollout.AwaitsItsHost(state, s) && fleetNow.Hosts.GetValueOrDefault(s.Host!) is { IsSchedulable: true })
                .Select(s => new RolloutEvent.SlotReassigned(s.Plan.Slot, s.Host!) { At = Now })];
        }
        return happened.Count == 0 ? Task.CompletedTask : RecordAsync(happened);
    }

    /// <summary>What has died before it was watched is told of by no change of the fleet.</summary>
    private void Look()
    {
        if (state.Slots.Any(s => Rollout.IsWatched(state, s)))
        {
            fleet.Tell(new FleetMessage.PeekFleet());
        }
    }

    private bool Concerns(string host) => state.Slots.Any(s => s.Host == host || s.Plan.KeptHost == host || s.OldLeft.Any(o => o.Host == host));

    private Task AnsweredAsync(FleetMessage.Answered message)
    {
        if (!sent.TryGetValue(message.CommandId, out var command))
        {
            return Task.CompletedTask;
        }
        if (message.Event is AgentEvent.ReplicaProgressed progress)
        {
            // An agent names the phase also when the image is there already; only a pull that moves is worth a line.
            var isIdlePull = progress is { Phase: ReplicaPhase.Pulling, Detail: null };
            if (!isIdlePull && command is not (RolloutCommand.Prune or RolloutCommand.CancelNew))
            {
                Report(RolloutReport.Progress(job.Plan.Service, command.Slot, message.Host, progress));
            }
            return Task.CompletedTask;
        }
        return EventOf(command, message.Event) is { } happened ? RecordAsync(happened) : Task.CompletedTask;
    }

    private RolloutEvent? EventOf(RolloutCommand command, AgentEvent answer) => (command, answer) switch
    {
        (RolloutCommand.Prepare c, AgentEvent.ReplicaPrepared) => new RolloutEvent.ReplicaPrepared(c.Slot, c.Attempt) { At = Now },
        (RolloutCommand.Prepare c, AgentEvent.ReplicaFailed e) => new RolloutEvent.ReplicaFailed(c.Slot, c.Attempt, e.Report) { At = Now },
        (RolloutCommand.Start c, AgentEvent.ReplicaReady) => new RolloutEvent.ReplicaReady(c.Slot, c.Attempt) { At = Now },
        (RolloutCommand.Start c, AgentEvent.ReplicaPassed) => new RolloutEvent.ReplicaPassed(c.Slot, c.Attempt) { At = Now },
        (RolloutCommand.Start c, AgentEvent.ReplicaFailed e) => new RolloutEvent.ReplicaFailed(c.Slot, c.Attempt, e.Report) { At = Now },
        (RolloutCommand.StopOld c, AgentEvent.ReplicaStopped) => new RolloutEvent.OldStopped(c.Slot, c.Host, c.Revision) { At = Now },
        (RolloutCommand.StopOld c, AgentEvent.ReplicaFailed e) => new RolloutEvent.ReplicaFailed(c.Slot, c.Attempt, e.Report) { At = Now },
        (RolloutCommand.CancelNew c, AgentEvent.ReplicaStopped) => new RolloutEvent.NewCancelled(c.Slot, c.Attempt) { At = Now },
        (RolloutCommand.CancelNew c, AgentEvent.ReplicaFailed e) => new RolloutEvent.ReplicaFailed(c.Slot, c.Attempt, e.Report) { At = Now },
        _ => null,
    };

    private Task RecordAsync(RolloutEvent happened) => RecordAsync([happened]);

    /// <summary>Applies what has happened, or nothing but the time, and all that follows from it, journals them together, and only then acts.</summary>
    private async Task RecordAsync(IReadOnlyList<RolloutEvent> happened)
    {
        var before = state;
        var after = state;
        var events = new List<RolloutEvent>();
        var effects = new List<RolloutCommand>();
        for (var index = 0; (index < happened.Count ? happened[index] : await NextAsync(after)) is { } next; index++)
        {
            if (index >= happened.Count + StepsMax)
            {
                // Whatever it goes round and round on is not carried out.
                LogRestless(job.Id, next);
                effects.Clear();
                events = [new RolloutEvent.Ended(RolloutOutcome.Failed, $"the rollout did not come to rest after {StepsMax} steps, which is an error of this program (the last was {next.GetType().Name})") { At = Now }];
                after = Rollout.Apply(before, events[0]);
                break;
            }
            var applied = Rollout.Apply(after, next);
            if (!ReferenceEquals(applied, after))
            {
                events.Add(next);
                effects.AddRange(Rollout.Effects(after, applied));
            }
            after = applied;
        }
        if (events.Count == 0)
        {
            ScheduleWakeup();
            return;
        }
        await store.CommitAsync(
            [.. events.Select((e, i) => new StoreChange.Put(JournalKey(journaled + i), JsonSerializer.Serialize(e, StoreJson.Default.RolloutEvent)))],
            CancellationToken.None);
        journaled += events.Count;
        state = after;
        Carry(effects);
        Announce(before, events);
        ScheduleWakeup();
    }

    /// <summary>What is decided; but a batch begins only when the new replicas so far still serve, for it relies on them.</summary>
    private async Task<RolloutEvent?> NextAsync(RolloutState after)
    {
        if (Rollout.Decide(after, Now) is not { } next)
        {
            return null;
        }
        // Before a delay too: only what was seen before it tells afterwards whether it was started again.
        if (next is not (RolloutEvent.BatchStarted or RolloutEvent.DelayStarted) || !after.Slots.Any(s => Rollout.IsInPlace(after, s)))
        {
            return next;
        }
        var died = watch.BeforeBatch(after, job.Stack, await fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), FleetActor.RefreshTimeout), Now, out var isKnown);
        if (died is null && !isKnown)
        {
            Timers.StartSingleTimer(LookTimer, new Wakeup(), LookInterval);
            return null;
        }
        return died ?? next;
    }

    /// <summary>What may follow from one event: each slot, and each batch, takes a few steps before something has to be waited for.</summary>
    private int StepsMax => 64 + (16 * state.Slots.Length);

    private string JournalKey(int number) => job.JournalPrefix + number.ToString("D8", CultureInfo.InvariantCulture);

    private void ScheduleWakeup()
    {
        if (Rollout.NextWakeup(state) is { } at)
        {
            var wait = at - Now;

            // What is due and waits for the fleet's word is asked about no sooner for being due.
            Timers.StartSingleTimer(WakeupTimer, new Wakeup(), wait > TimeSpan.Zero ? wait : Timers.IsTimerActive(LookTimer) ? LookInterval : TimeSpan.FromMilliseconds(1));
        }
        else
        {
            Timers.Cancel(WakeupTimer);
        }
    }

    private void Announce(RolloutState before, List<RolloutEvent> events)
    {
        var shown = before;
        foreach (var happened in events)
        {
            var next = Rollout.Apply(shown, happened);
            foreach (var report in RolloutReport.Of(shown, next, happened, job.Stack))
            {
                Report(report);
            }
            if (shown.Phase != next.Phase)
            {
                LogPhase(job.Id, shown.Phase, next.Phase, next.Reason);
            }
            shown = next;
        }

        // First: the same record may hold it anew, or pause it again.
        if ((before.Phase == RolloutPhase.Holding && state.Phase != RolloutPhase.Holding) || events.Any(e => e is RolloutEvent.Resumed))
        {
            Context.Parent.Tell(new RolloutMessage.Continued(job.Plan.Service));
        }
        if (state.Phase == RolloutPhase.Holding && events.Any(e => e is RolloutEvent.HoldStarted))
        {
            TellHeld();
            Look();
        }
        else if (state.Phase == RolloutPhase.Holding && before.HasInFlight && !state.HasInFlight)
        {
            TellHeld();
        }
        else if (state.Phase == RolloutPhase.Paused && events.Any(e => e is RolloutEvent.Paused))
        {
            Context.Parent.Tell(new RolloutMessage.Paused(job.Plan.Service, state.Reason ?? "", state.Succeeded, state.Failed));
        }
        else if (state.Phase == RolloutPhase.Ended && before.Phase != RolloutPhase.Ended)
        {
            TellEnded();
        }
    }

    private void TellHeld() => Context.Parent.Tell(new RolloutMessage.Held(job.Plan.Service, HoldText.Of(state, job.Stack), state.HoldUntil, state.HasInFlight));

    private void TellEnded() =>
        Context.Parent.Tell(new RolloutMessage.Ended(job.Plan.Service, state.Outcome!.Value, state.Reason, state.Succeeded, state.Failed, state.IsSwitched));

    private void Report(ChangeEvent report) => Context.Parent.Tell(new RolloutMessage.Reported(report with { At = Now }));

    private void Carry(IEnumerable<RolloutCommand> commands)
    {
        var all = commands.ToList();
        if (all.OfType<RolloutCommand.Judge>().ToImmutableArray() is { IsEmpty: false } judged)
        {
            Judge(judged);
        }
        if (all.OfType<RolloutCommand.Switch>().ToImmutableArray() is { IsEmpty: false } switched)
        {
            traffic.Tell(new TrafficMessage.Switch(
                [.. switched.Select(s => (KeyOf(s.Slot), s.Host))],
                [.. Rollout.SwitchedFrom(state).Select(o => (KeyOf(o.Slot) with { Revision = o.Old.Revision }, o.Old.Host))]));
        }
        var returned = ReturnedTogether(all);
        if (returned.Count > 1)
        {
            traffic.Tell(new TrafficMessage.SwitchBack(
                [.. returned.OfType<RolloutCommand.Undrain>().Select(c => (KeyOf(c.Slot) with { Revision = c.Revision }, c.Host))],
                [.. returned.OfType<RolloutCommand.Withdraw>().Select(c => (KeyOf(c.Slot), c.Host))]));
            all.RemoveAll(returned.Contains);
        }
        foreach (var command in all.Where(c => c is not (RolloutCommand.Judge or RolloutCommand.Switch)))
        {
            switch (command)
            {
                case RolloutCommand.Reassign reassign:
                    Reassign(reassign);
                    break;
                case RolloutCommand.Prepare c:
                    Attend(c.Host);
                    Send(c.Host, c, new AgentCommand.PrepareReplica { CommandId = $"{job.Id}/{c.Slot}/{c.Attempt}/prepare", Key = KeyOf(c.Slot), Spec = Spec(c.Host) });
                    break;
                case RolloutCommand.Prefetch c:
                    fleet.Tell(new FleetMessage.Send(c.Host, new AgentCommand.PrepareReplica { CommandId = $"{job.Id}/prefetch/{c.Host}", Key = KeyOf(c.Slot), Spec = Spec(c.Host) }));
                    break;
                case RolloutCommand.Withhold c:
                    traffic.Tell(new TrafficMessage.Withhold(KeyOf(c.Slot)));
                    break;
                case RolloutCommand.Start c:
                    Attend(c.Host);
                    Send(c.Host, c, new AgentCommand.StartReplica { CommandId = $"{job.Id}/{c.Slot}/{c.Attempt}/start", Key = KeyOf(c.Slot), Spec = Spec(c.Host) });
                    break;
                case RolloutCommand.Publish c:
                    traffic.Tell(new TrafficMessage.Publish(KeyOf(c.Slot), c.Host));
                    break;
                case RolloutCommand.Drain c:
                    traffic.Tell(new TrafficMessage.Drain(KeyOf(c.Slot) with { Revision = c.Revision }, c.Host, SuccessorOf(c.Slot)));
                    break;
                case RolloutCommand.Withdraw c:
                    traffic.Tell(new TrafficMessage.Drain(KeyOf(c.Slot), c.Host, UnlessLast: true));
                    break;
                case RolloutCommand.Undrain c:
                    traffic.Tell(new TrafficMessage.Undrain(KeyOf(c.Slot) with { Revision = c.Revision }, c.Host));
                    break;
                case RolloutCommand.StopOld c:
                    Send(c.Host, c, new AgentCommand.StopReplica { CommandId = $"{job.Id}/{c.Slot}/{c.Attempt}/stop/{c.Host}/{c.Revision}", Key = KeyOf(c.Slot) with { Revision = c.Revision }, Retain = c.Retain });
                    break;
                case RolloutCommand.CancelNew c:
                    // It may have passed its gate and taken traffic, which is news on its way here.
                    traffic.Tell(new TrafficMessage.Drain(KeyOf(c.Slot), c.Host, UnlessLast: true));
                    break;
                case RolloutCommand.Prune c:
                    Send(c.Host, c, new AgentCommand.StopReplica { CommandId = $"{job.Id}/{c.Slot}/prune/{c.Host}/{c.Revision}", Key = KeyOf(c.Slot) with { Revision = c.Revision } });
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(commands), command, "no such rollout command");
            }
        }
    }

    /// <summary>What gives old replicas their traffic back, and takes it from the new ones: of all slots of which nothing else is asked of the traffic at the same time.</summary>
    private static HashSet<RolloutCommand> ReturnedTogether(IReadOnlyList<RolloutCommand> commands)
    {
        var others = commands.Where(c => c is RolloutCommand.Drain or RolloutCommand.Publish or RolloutCommand.Switch or RolloutCommand.Withhold or RolloutCommand.CancelNew).Select(c => c.Slot).ToHashSet();
        return [.. commands.Where(c => c is RolloutCommand.Undrain or RolloutCommand.Withdraw && !others.Contains(c.Slot))];
    }

    /// <summary>The stack's table is there before the container can ask for names.</summary>
    private void Attend(string host)
    {
        if (attended.Add(host))
        {
            traffic.Tell(new TrafficMessage.Attend(job.Stack, host));
        }
    }

    private void Send(string host, RolloutCommand command, AgentCommand message)
    {
        sent[message.CommandId] = command;
        fleet.Tell(new FleetMessage.Send(host, message));
    }

    private void Judge(ImmutableArray<RolloutCommand.Judge> slots)
    {
        // One that went before, for the same slots, is not heard any more.
        judgements++;
        var matter = new JudgementCase(
            string.Create(CultureInfo.InvariantCulture, $"{job.Id}/judge/{slots[0].Slot}/{slots[0].Attempt}/{judgements}"),
            job.Stack,
            job.Plan.Service,
            job.Plan.Slo!,
            slots,
            [.. slots.Select(s => TrafficTables.Id(KeyOf(s.Slot), s.Host))],
            [.. state.Slots.SelectMany(s => s.OldLeft.Select(o => TrafficTables.Id(KeyOf(s.Plan.Slot) with { Revision = o.Revision }, o.Host)))]);
        LogJudgement(job.Id, slots.Length, matter.Slo.Window);
        judgement = matter.Id;
        var peer = fleet;
        Context.ActorOf(Props.Create(() => new JudgementActor(matter, peer)));
    }

    private async Task JudgedAsync(JudgementMessage.Judged message)
    {
        if (message.Case.Id != judgement)
        {
            return;
        }
        judgement = null;
        var (verdict, service) = (message.Verdict, job.Plan.Service);
        LogVerdict(job.Id, verdict.IsPass, verdict.Message);
        foreach (var host in message.LeftOut)
        {
            Report(new ChangeEvent.Warning($"{service}: its requests are judged without those of host {host}"));
        }
        foreach (var (index, slot) in message.Case.Slots.Index())
        {
            await RecordAsync(verdict.IsPass
                ? new RolloutEvent.ReplicaJudged(slot.Slot, slot.Attempt, index == 0 ? verdict.Message : null) { At = Now }
                : new RolloutEvent.ReplicaFailed(slot.Slot, slot.Attempt, new FailureReport { Stage = ReplicaStage.Traffic, Message = verdict.Message! }) { At = Now });
        }
    }

    private ReplicaKey KeyOf(int slot) => new(job.Stack, job.Plan.Service, slot, job.Plan.ToRevision);

    private ReplicaSpec Spec(string host)
    {
        var spec = ReplicaSpecs.Of(job.Target!, job.Plan);
        return spanning is null ? spec : spec with { Overlays = spanning.SlicesOf(host).RemoveRange(job.Target!.Spec.Networks.Keys.Where(n => !spec.Networks.ContainsKey(n))) };
    }

    private void Reassign(RolloutCommand.Reassign command)
    {
        var (service, target, slots, lost, self) = (job.Target!.Service(job.Plan.Service), job.Target!, state.Slots, state.LostHosts, Self);
        ChooseAsync().PipeTo(self, self, chosen => chosen, cause => new NotReassigned(command, cause));

        async Task<Reassignment> ChooseAsync()
        {
            var snapshot = await fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), FleetActor.RefreshTimeout);

            // The host may have joined since the rollout began.
            var allocated = await Spanning.AskStandingAsync(networks, target.Spec, snapshot);
            var without = allocated?.Without(service, snapshot.Hosts.Keys) ?? [];
            var chosen = Reassigning.Choose(snapshot, job.Stack, service, target, slots, lost, without, command, job.IsRollback);
            return chosen is RolloutEvent.ReplicaFailed failed && !without.IsEmpty
                ? new Reassignment(failed with { Report = failed.Report with { Message = $"{failed.Report.Message}; {NoPart(without)}" } }, allocated)
                : new Reassignment(chosen, allocated);
        }
    }

    private sealed record Recover;

    private sealed record Wakeup;

    private sealed record NotReassigned(RolloutCommand.Reassign Command, Exception Cause);

    private sealed record ReassignDue(RolloutCommand.Reassign Command);

    private sealed record Reassignment(RolloutEvent Event, AllocationMessage.Allocated? Spanning);
}
