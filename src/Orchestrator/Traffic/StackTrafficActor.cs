using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Store;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Traffic;

/// <summary>
/// One stack's table: made from what is wanted, what runs and what rollouts ask for; sent to every host; and the barrier over their answers. Nothing is
/// sent before the fleet has been heard of after a start, so that a restarted coordinator takes no endpoint away that it merely has not seen yet.
/// </summary>
internal sealed partial class StackTrafficActor : ReceiveActor, IWithTimers, IWithStash
{
    /// <summary>From a passed gate to the agent's word that the replica serves: one message behind the other on the same link.</summary>
    private static readonly TimeSpan ServingPatience = TimeSpan.FromSeconds(10);

    /// <summary>The longest that a table waits for hosts to show the one before: hosts that are slower are not sent tables faster than they take them.</summary>
    private static readonly TimeSpan RefreshDelay = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    /// <summary>Between tries while the store, or whom this asks, fails: doubled from the first to the longest.</summary>
    private static readonly TimeSpan RetryPauseFirst = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan RetryPauseLongest = TimeSpan.FromSeconds(8);

    private readonly string stack;
    private readonly IStore store;
    private readonly IActorRef fleet;
    private readonly ITrafficExtras extras;
    private readonly ILogger logger;
    private readonly CutoverBarrier barrier = new();

    /// <summary>Hosts that have been told that they need not show the stack.</summary>
    private readonly HashSet<string> excused = new(StringComparer.Ordinal);

    /// <summary>What <see cref="content"/> was made of.</summary>
    private object?[] made = [];

    private (ImmutableArray<ServiceTraffic> Services, string Text) content = ([], "");
    private readonly List<(string Endpoint, ReplicaKey Replica, string Host, IActorRef ReplyTo, DateTimeOffset Since, int? Restarts)> publishing = [];
    private readonly List<(string Endpoint, ReplicaKey Replica, string Host, IActorRef ReplyTo)> draining = [];
    private readonly List<(long Version, IActorRef ReplyTo, DateTimeOffset Until)> settling = [];

    /// <summary>By service: switches that wait for the last of their new replicas to serve.</summary>
    private readonly Dictionary<string, PendingSwitch> switching = new(StringComparer.Ordinal);

    private TrafficMarks marks;
    private TrafficAudience audience = new();
    private TrafficTarget? target;
    private FleetSnapshot snapshot = FleetSnapshot.Empty;
    private TrafficTable? table;

    /// <summary>What the table has otherwise than the one before it; null: there was none, or hosts are told more with it.</summary>
    private TableChange? change;
    private string shown = "";
    private string shownHosts = "";
    private string toldBehind = "";

    /// <summary>What was told since the last table is made one of when <see cref="RefreshDue"/> comes.</summary>
    private bool isRefreshDue;

    /// <summary>The marks have changed since they were stored.</summary>
    private bool isMarked;

    /// <summary>What goes with the tables of <see cref="target"/> has been loaded.</summary>
    private bool isPrepared;

    /// <summary>In a row.</summary>
    private int failures;

    /// <summary>Answers to what was asked while the store failed: given when what was told is durable.</summary>
    private readonly List<Action> delayed = [];

    /// <param name="extras">What goes with a table to a host.</param>
    /// <param name="after">Hosts may know the stack's tables up to this version, from before it was removed.</param>
    public StackTrafficActor(string stack, IStore store, IActorRef fleet, ITrafficExtras extras, long after, ILoggerFactory loggers)
    {
        this.stack = stack;
        this.store = store;
        this.fleet = fleet;
        this.extras = extras;
        marks = TrafficMarks.None with { Version = after };
        logger = loggers.CreateLogger<StackTrafficActor>();
        ReceiveAsync<Load>(_ => LoadAsync());

        // What comes before is told by others that have been quicker: the stored marks are changed by it, not the other way round.
        ReceiveAny(_ => Stash.Stash());
        if (extras.HasEtcd)
        {
            barrier.AddSink(Etcd);
        }
    }

    private void Loaded()
    {
        ReceiveAsync<TrafficTarget>(RetargetAsync);
        ReceiveAsync<TrafficMessage.FleetChanged>(FleetChangedAsync);
        Receive<TrafficMessage.Publish>(Publish);
        ReceiveAsync<TrafficMessage.Withhold>(WithholdAsync);
        ReceiveAsync<TrafficMessage.Switch>(SwitchAsync);
        Receive<TrafficMessage.Drain>(Drain);
        ReceiveAsync<TrafficMessage.Undrain>(UndrainAsync);
        ReceiveAsync<TrafficMessage.SwitchBack>(SwitchBackAsync);
        ReceiveAsync<TrafficMessage.UndrainRevision>(UndrainRevisionAsync);
        Receive<TrafficMessage.Attend>(Attend);
        ReceiveAsync<RefreshDue>(_ => isRefreshDue ? RefreshAsync() : Task.CompletedTask);
        ReceiveAsync<TrafficMessage.Settle>(_ => SettleAsync());
        ReceiveAsync<TrafficMessage.GetStanding>(_ => TellStandingAsync());
        ReceiveAsync<TrafficMessage.Remove>(_ => RemoveAsync(Sender));
        ReceiveAsync<RemoveDue>(m => RemoveAsync(m.Asker));
        Receive<TrafficMessage.Leave>(_ => Leave());
        Receive<FleetMessage.Answered>(Answered);
        Receive<FleetMessage.HostLost>(_ => { });
        Receive<Tick>(_ =>
        {
            if (switching.Count > 0)
            {
                RefreshSoon();
            }
            YieldSoon();
            Check();
        });
        Receive<EtcdSinkMessage.Applied>(EtcdApplied);
        Receive<EtcdSinkMessage.Hindered>(EtcdHindered);
        Receive<LetGo>(EtcdLetGo);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    private string Key => TrafficKey(stack);

    public static string TrafficKey(string stack) => $"traffic/{stack}";

    protected override void PreStart() => Self.Tell(new Load());

    /// <summary>What is wanted is not stored here.</summary>
    protected override void PostRestart(Exception reason)
    {
        Context.Parent.Tell(new TrafficMessage.Restarted(stack));
        Timers.StartSingleTimer(nameof(Load), new Load(), RetryPauseFirst);
    }

    private async Task LoadAsync()
    {
        try
        {
            if (await store.GetAsync(Key, CancellationToken.None) is { } stored)
            {
                marks = JsonSerializer.Deserialize(stored.Value, StoreJson.Default.TrafficMarks)!;
                audience = new TrafficAudience(marks.ShownBy);
            }
            snapshot = await fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), FleetActor.RefreshTimeout);
        }
        catch (Exception e)
        {
            Timers.StartSingleTimer(nameof(Load), new Load(), Fail(e));
            return;
        }
        failures = 0;
        Become(Loaded);
        Stash.UnstashAll();
    }

    private Task RetargetAsync(TrafficTarget next)
    {
        isRemoved = false;
        removedWith = null;
        Timers.Cancel(nameof(RemoveDue));
        target = next;
        isPrepared = false;
        return RefreshAsync();
    }

    private Task FleetChangedAsync(TrafficMessage.FleetChanged message)
    {
        snapshot = message.Fleet;
        if (!snapshot.Hosts.ContainsKey(message.Host))
        {
            // One that joins under its name later is another one.
            excused.Remove(message.Host);
        }
        if (removedWith is not null)
        {
            ObserveRemoved();
            return Task.CompletedTask;
        }
        var isMember = audience.Members.Contains(message.Host);
        if (isMember)
        {
            Lose(message.Host);
        }
        var isNamed = message.Scope == ChangeScope.All || message.Stacks.Contains(stack, StringComparer.Ordinal);
        if (isNamed && switching.Count > 0)
        {
            return RefreshAsync();
        }
        if (isNamed || isMember)
        {
            RefreshSoon(mayWait: !isNamed);
        }
        return Task.CompletedTask;
    }

    private void Publish(TrafficMessage.Publish message)
    {
        var id = AwaitPublished(message.Replica, message.Host, Sender);
        Mark(marks with { Draining = marks.Draining.Remove(id), WithheldNames = marks.Withheld.Remove(TrafficTables.Name(message.Replica)) });
    }

    private string AwaitPublished(ReplicaKey replica, string host, IActorRef replyTo)
    {
        var id = TrafficTables.Id(replica, host);
        Stay(replica, host);
        publishing.RemoveAll(p => p.Endpoint == id);
        publishing.Add((id, replica, host, replyTo, Now, Find(replica, host)?.RestartCount));
        Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TickInterval);
        return id;
    }

    private async Task WithholdAsync(TrafficMessage.Withhold message)
    {
        var replyTo = Sender;
        Mark(marks with { WithheldNames = marks.Withheld.Add(TrafficTables.Name(message.Replica)) });
        await TryAsync(KeepMarksAsync);
        WhenDone(!isMarked, () => replyTo.Tell(new TrafficMessage.Withheld(message.Replica)));
    }

    /// <summary>Of those that wait for the same service, one is made: a slot that follows alone drains nothing whose own new replica does not serve.</summary>
    private Task SwitchAsync(TrafficMessage.Switch message)
    {
        var service = message.To[0].Replica.Service;
        var replyTo = Sender;
        var waiting = switching.GetValueOrDefault(service) ?? PendingSwitch.None;
        switching[service] = new PendingSwitch(
            [.. waiting.To.Where(w => message.To.All(t => t.Replica != w.Replica || t.Host != w.Host)), .. message.To.Select(t => (t.Replica, t.Host, replyTo))],
            [.. waiting.From.Union(message.From)],
            Now);
        Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TickInterval);

        // At once: what is asked for next, such as to drain the old ones, finds it made.
        return RefreshAsync();
    }

    /// <summary>One set of marks, one version, one table; not before the last of the new replicas serves, lest the old ones leave and nothing takes their place. With the fleet that the table is made of.</summary>
    private void SwitchServing()
    {
        foreach (var (service, asked) in switching.ToList())
        {
            // Its rollout hears of a lost host from the fleet.
            var lost = asked.To.Where(t => snapshot.Hosts.GetValueOrDefault(t.Host) is { State: HostState.Down }).Select(t => t.Replica.Slot).ToHashSet();
            var pending = asked with { To = asked.To.RemoveAll(t => lost.Contains(t.Replica.Slot)), From = asked.From.RemoveAll(f => lost.Contains(f.Replica.Slot)) };
            var missing = pending.To.Where(t => !IsServing(t.Replica, t.Host)).ToList();
            if (missing.Count > 0 && Now - pending.Since < ServingPatience)
            {
                continue;
            }
            switching.Remove(service);
            if (missing.Count > 0)
            {
                Refuse(pending, missing[0].Replica);
            }
            else if (pending.To.Length > 0)
            {
                var to = pending.To.Select(t => AwaitPublished(t.Replica, t.Host, t.ReplyTo)).ToList();
                Note(marks with
                {
                    Draining = marks.Draining.Union(pending.From.Select(f => TrafficTables.Id(f.Replica, f.Host))).Union(OthersOf(pending)).Except(to),
                    WithheldNames = marks.Withheld.Except(pending.To.Select(t => TrafficTables.Name(t.Replica))),
                });
            }
        }
    }

    /// <summary>What a host that was away has of the slots that are switched: the rollout counted it as gone, or has never heard of it.</summary>
    private IEnumerable<string> OthersOf(PendingSwitch pending) =>
        from replica in snapshot.Replicas(stack)
        where pending.To.Any(t => t.Replica.Service == replica.Replica.Key.Service && t.Replica.Slot == replica.Replica.Key.Slot && t.Replica.Revision != replica.Replica.Key.Revision)
        select TrafficTables.Id(replica.Replica.Key, replica.Host.Name);

    private static void Refuse(PendingSwitch pending, ReplicaKey missing)
    {
        foreach (var (replica, host, replyTo) in pending.To)
        {
            var why = replica == missing ? "the replica passed its gate, and does not serve any more" : $"{missing.Service}.{missing.Slot}, which the traffic was to be switched to with it, passed its gate, and does not serve any more";
            replyTo.Tell(new TrafficMessage.Refused(replica, host, new FailureReport { Stage = ReplicaStage.Traffic, Message = why }));
        }
    }

    /// <summary>The rollout has given the slot up: it is not switched when the others are.</summary>
    private void LeaveOut(ReplicaKey replica, string host)
    {
        if (switching.TryGetValue(replica.Service, out var pending) && (pending.From.Contains((replica, host)) || pending.To.Any(t => t.Replica == replica && t.Host == host)))
        {
            switching[replica.Service] = pending with
            {
                To = pending.To.RemoveAll(t => t.Replica.Slot == replica.Slot),
                From = pending.From.RemoveAll(f => f.Replica.Slot == replica.Slot),
            };
        }
    }

    /// <summary>A rollout of the service begins: what an earlier one withheld is held back no longer than it exists, and not at all when it is what this one leads to.</summary>
    private Task UndrainRevisionAsync(TrafficMessage.UndrainRevision message)
    {
        givenUp.RemoveAll(g => g.Asked.Replica.Service == message.Service && g.Asked.Replica.Revision == message.Revision);

        // Those of a host that is down come back with it.
        var there = snapshot.Hosts.Values.SelectMany(h => h.Replicas.Values)
            .Where(r => r.Key.Stack == stack && r.Key.Service == message.Service && (r.Key.Revision != message.Revision || message.Switched.Contains(r.Key.Slot)))
            .Select(r => TrafficTables.Name(r.Key))
            .ToHashSet(StringComparer.Ordinal);
        Note(marks with
        {
            Draining = marks.Draining.Except(marks.Draining.Where(id => IsOf(id, message))),
            WithheldNames = marks.Withheld.Except(marks.Withheld.Where(n => n.StartsWith($"{message.Service}/", StringComparison.Ordinal) && !there.Contains(n))),
        });
        if (!isMarked)
        {
            return Task.CompletedTask;
        }
        RefreshSoon();
        return TryAsync(KeepMarksAsync);
    }

    /// <summary>Durable with the next table, before that is sent.</summary>
    private void Mark(TrafficMarks next)
    {
        Note(next);
        RefreshSoon();
    }

    private void Note(TrafficMarks next)
    {
        isMarked |= !next.Draining.SetEquals(marks.Draining) || !next.Withheld.SetEquals(marks.Withheld);
        marks = next;
    }

    /// <summary>Behind what waits in the mailbox, and not behind hosts: the container is on its way.</summary>
    private void Attend(TrafficMessage.Attend message)
    {
        if (audience.Attend(message.Host))
        {
            isRefreshDue = true;
            Self.Tell(new RefreshDue());
        }
    }

    /// <summary>At once, for it may be back before there is another table, and knows nothing then.</summary>
    private void Lose(string host)
    {
        if (!isRemoved && snapshot.Standings.TryGetValue(host, out var standing) && standing.State == HostState.Down)
        {
            barrier.Lose(host);
        }
    }

    /// <summary>What is told in a row, such as by the replicas of a batch, becomes one table; and while hosts are busy with one there is none after it.</summary>
    /// <param name="mayWait">Nothing of the stack is otherwise, only hosts that show it: when many go or return in a row they are looked at together.</param>
    private void RefreshSoon(bool mayWait = false)
    {
        if (isRefreshDue)
        {
            return;
        }
        isRefreshDue = true;
        if (!mayWait && barrier.IsShown(marks.Version))
        {
            Self.Tell(new RefreshDue());
        }
        else
        {
            Timers.StartSingleTimer(nameof(RefreshDue), new RefreshDue(), RefreshDelay);
        }
    }

    private async Task SettleAsync()
    {
        var asker = Sender;
        if (isRefreshDue)
        {
            await RefreshAsync();
        }
        WhenDone(failures == 0, () => Await(marks.Version, asker, DateTimeOffset.MaxValue));
    }

    private async Task TellStandingAsync()
    {
        var asker = Sender;
        if (isRefreshDue)
        {
            await RefreshAsync();
        }
        asker.Tell(new TrafficMessage.StandingReport(stack, table ?? new TrafficTable { Stack = stack, Version = marks.Version }, barrier.Behind(marks.Version), marks.Withheld, marks.Draining));
    }

    private bool IsOf(string id, TrafficMessage.UndrainRevision asked) => snapshot.Replicas(stack).Any(r =>
        r.Replica.Key.Service == asked.Service && r.Replica.Key.Revision == asked.Revision && !asked.Switched.Contains(r.Replica.Key.Slot) && TrafficTables.Id(r.Replica.Key, r.Host.Name) == id);

    private Task RefreshAsync() => TryAsync(RenewAsync);

    /// <summary>
    /// The store, and those whom this asks, may fail for a while: hosts keep the last table, what was told stays told, and it is tried again. Taken down by it,
    /// this would forget who waits for what.
    /// </summary>
    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            isRefreshDue = true;
            Timers.StartSingleTimer(nameof(RefreshDue), new RefreshDue(), Fail(e));
        }
    }

    /// <returns>How long to wait.</returns>
    private TimeSpan Fail(Exception cause)
    {
        LogFailed(cause, stack, ++failures);
        return DoublingPause.After(failures, RetryPauseFirst, RetryPauseLongest);
    }

    private void WhenDone(bool isDone, Action answer)
    {
        if (isDone)
        {
            answer();
        }
        else
        {
            delayed.Add(answer);
        }
    }

    private void AnswerDelayed()
    {
        failures = 0;
        var answers = delayed.ToList();
        delayed.Clear();
        answers.ForEach(a => a());
    }

    /// <summary>Makes the table anew; a changed one gets the next version, is durable, and goes out. When it fails half way, it can be called again.</summary>
    private async Task RenewAsync()
    {
        isRefreshDue = false;
        if (!isRemoved && target is not null && !isPrepared)
        {
            await extras.PrepareAsync(target);
            isPrepared = true;
        }
        var isHeard = table is not null || snapshot.IsHeard;
        if (isRemoved || target is null || snapshot.Hosts.IsEmpty || !isHeard)
        {
            if (!isRemoved)
            {
                SwitchServing();
                KeepWithoutSuccessor();
                await KeepMarksAsync();
            }
            AnswerDelayed();
            return;
        }
        var hosts = await extras.HostsAsync(target, snapshot);
        if (audience.Observe(target, snapshot, hosts))
        {
            barrier.Observe(snapshot, audience.Members);
            var shownBy = audience.Stored(snapshot);
            isMarked |= shownBy is null ? marks.ShownBy is not null : marks.ShownBy?.SetEquals(shownBy) != true;
            marks = marks with { ShownBy = shownBy };
            Excuse();
        }
        SwitchServing();
        KeepWithoutSuccessor();
        var (services, text) = Content(target);
        if (GiveUp(services))
        {
            (services, text) = Content(target);
        }
        if (Yield(services))
        {
            (services, text) = Content(target);
        }
        if (text != shown || hosts.Text != shownHosts)
        {
            var gone = marks.Draining.Where(IsGone);
            await SaveAsync(marks with { Version = marks.Version + 1, Draining = marks.Draining.Except(gone) });
            var before = hosts.Text == shownHosts ? table : null;
            shown = text;
            shownHosts = hosts.Text;
            table = new TrafficTable { Stack = stack, Version = marks.Version, Services = services };
            change = before is { IsRemoved: false } ? TableChange.Between(before, table) : null;
            barrier.Publish(services, marks.Version);
            LogTable(stack, marks.Version, services.Sum(s => s.Endpoints.Count(e => e.State == EndpointState.Serving)), services.Sum(s => s.Endpoints.Count(e => e.State == EndpointState.Draining)));
            PublishTable();
        }
        await KeepMarksAsync();
        Send(hosts);
        AnswerDelayed();
        Check();
    }

    /// <summary>What the table is to have, with its text: the last one while nothing is otherwise than that was made of.</summary>
    private (ImmutableArray<ServiceTraffic> Services, string Text) Content(TrafficTarget wanted)
    {
        object?[] now = [wanted, snapshot.PresenceOf(stack), marks.Draining, marks.WithheldNames];
        if (!made.SequenceEqual(now, ReferenceEqualityComparer.Instance))
        {
            var services = TrafficTables.Services(wanted, snapshot, marks);
            content = (services, JsonSerializer.Serialize(new TrafficTable { Stack = stack, Version = 0, Services = services }, ProtocolJson.Default.TrafficTable));
            made = now;
        }
        return content;
    }

    private Task KeepMarksAsync() => isMarked ? SaveAsync(marks) : Task.CompletedTask;

    /// <summary>A host waits with all it shows until every stack's table is there: those that need not show this one are told so once.</summary>
    private void Excuse()
    {
        excused.ExceptWith(audience.Members);
        ImmutableArray<string> others = [.. snapshot.Standings.Keys.Where(h => !audience.Members.Contains(h) && excused.Add(h))];
        if (!others.IsEmpty)
        {
            fleet.Tell(new FleetMessage.Excuse(stack, others));
        }
    }

    /// <summary>The host has been heard, and has no such container any more.</summary>
    private bool IsGone(string id)
    {
        var host = id[(id.IndexOf('@', StringComparison.Ordinal) + 1)..];
        return snapshot.Hosts.GetValueOrDefault(host) is not { } known || (known.State == HostState.Ready && known.Replicas.Values.All(r => TrafficTables.Id(r.Key, host) != id));
    }

    private void Send(HostExtras hosts)
    {
        if (table is null)
        {
            return;
        }
        foreach (var host in barrier.TakeUnsent(marks.Version))
        {
            fleet.Tell(new FleetMessage.Send(host, new AgentCommand.ApplyTraffic
            {
                CommandId = TrafficKey(stack),
                Table = table,
                Overlays = hosts.Overlays(host),
                Peers = hosts.Peers,
                Certificates = hosts.Certificates,
                Networks = hosts.Networks,
            }, change));
        }
    }

    private void Answered(FleetMessage.Answered message)
    {
        if (message.Event is AgentEvent.TrafficApplied report && report.Stack == stack)
        {
            // Of a host that need not show the stack each stack would say it, again and again.
            foreach (var problem in barrier.Knows(message.Host) ? report.Problems.Except(barrier.ProblemsOf(message.Host)) : [])
            {
                LogProblem(stack, message.Host, problem.Sink, problem.Message);
            }
            if (!barrier.Acknowledge(message.Host, report, marks.Version))
            {
                return;
            }
            YieldSoon();
            if (isRefreshDue && barrier.IsShown(marks.Version))
            {
                Timers.Cancel(nameof(RefreshDue));
                Self.Tell(new RefreshDue());
            }
            Check();
        }
    }

    private void Check()
    {
        if (isRefreshDue)
        {
            // What was told is in no table yet; it is looked at behind that.
            return;
        }
        if (table is null)
        {
            // With nobody to show it to, it is shown.
            SettleAll((_, until) => snapshot.Hosts.Values.All(h => h.State == HostState.Down) || Now >= until);
            return;
        }
        foreach (var waiting in publishing.ToList())
        {
            if (WhyDead(waiting.Replica, waiting.Host, waiting.Restarts) is { } death && OfSlot(waiting.Replica, table.Services).Any(e => e.Id != waiting.Endpoint))
            {
                publishing.Remove(waiting);
                waiting.ReplyTo.Tell(Died(waiting.Replica, waiting.Host, death));
            }
            else if (barrier.IsPublished(waiting.Endpoint) || IsUnreachable(waiting.Replica, waiting.Host))
            {
                publishing.Remove(waiting);
                waiting.ReplyTo.Tell(new TrafficMessage.Published(waiting.Replica, waiting.Host, waiting.Restarts));
            }
            else if (WhyRefused(waiting.Endpoint, waiting.Since) is { } why)
            {
                publishing.Remove(waiting);
                waiting.ReplyTo.Tell(new TrafficMessage.Refused(waiting.Replica, waiting.Host, new FailureReport { Stage = ReplicaStage.Traffic, Message = why }));
            }
        }
        TellBehind();

        // Those of one slot go together: a host that was given up may be back, and count again, before the last of them is drained.
        foreach (var waiting in draining.GroupBy(d => (d.ReplyTo, d.Replica.Service, d.Replica.Slot)).Where(g => g.All(d => barrier.IsDrained(d.Endpoint))).SelectMany(g => g).ToList())
        {
            draining.Remove(waiting);
            waiting.ReplyTo.Tell(new TrafficMessage.Drained(waiting.Replica, waiting.Host));
        }
        SettleAll((version, until) => barrier.IsShown(version) || Now >= until);
        if (publishing.Count == 0 && settling.Count == 0 && switching.Count == 0 && yielding.Count == 0)
        {
            Timers.Cancel(nameof(Tick));
        }
        if (IsEmpty)
        {
            Context.Parent.Tell(new TrafficMessage.Emptied(stack, marks.Version));
        }
    }

    /// <summary>After the first second, in which hosts show it as a rule.</summary>
    private void TellBehind()
    {
        var late = publishing.Where(p => Now - p.Since >= TickInterval).ToList();
        if (late.Count == 0)
        {
            return;
        }
        var behind = string.Join(", ", barrier.Behind(marks.Version).Select(b => $"{b.Key}: {b.Value}"));
        if (behind == toldBehind)
        {
            return;
        }
        foreach (var waiting in late)
        {
            toldBehind = behind;
            waiting.ReplyTo.Tell(new TrafficMessage.Awaited(waiting.Replica, waiting.Host, behind));
        }
    }

    private void SettleAll(Func<long, DateTimeOffset, bool> isSettled)
    {
        foreach (var waiting in settling.Where(s => isSettled(s.Version, s.Until)).ToList())
        {
            settling.Remove(waiting);
            waiting.ReplyTo.Tell(new TrafficMessage.Settled(stack, waiting.Version));
        }
    }

    private string? WhyRefused(string endpoint, DateTimeOffset since) =>
        barrier.FinalProblem() is { } problem ? problem
        : !barrier.IsServing(endpoint) && Now - since >= ServingPatience ? "the replica passed its gate, and does not serve any more"
        : null;

    /// <summary>It serves, and has no address by which anybody could reach it: there is nothing to publish.</summary>
    private bool IsUnreachable(ReplicaKey replica, string host) =>
        table is not null
        && !barrier.Has(TrafficTables.Id(replica, host))
        && IsServing(replica, host);

    private bool IsServing(ReplicaKey replica, string host) => Find(replica, host)?.IsServing == true;

    /// <summary>The one that serves first: a container that another has replaced may still be there.</summary>
    private ReplicaSnapshot? Find(ReplicaKey replica, string host) =>
        snapshot.Hosts.GetValueOrDefault(host)?.Replicas.Values.Where(r => r.Key == replica).MaxBy(r => r.IsServing);

    private void Await(long version, IActorRef asker, DateTimeOffset until)
    {
        settling.Add((version, asker, until));
        Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TickInterval);
        Check();
    }

    /// <summary>Durable first: after a crash nothing that was drained may take traffic again while it is being stopped.</summary>
    private async Task SaveAsync(TrafficMarks next)
    {
        await store.CommitAsync([new StoreChange.Put(Key, JsonSerializer.Serialize(next, StoreJson.Default.TrafficMarks))], CancellationToken.None);
        marks = next;
        isMarked = false;
    }

    private sealed record PendingSwitch(
        ImmutableArray<(ReplicaKey Replica, string Host, IActorRef ReplyTo)> To,
        ImmutableArray<(ReplicaKey Replica, string Host)> From,
        DateTimeOffset Since)
    {
        public static PendingSwitch None { get; } = new([], [], DateTimeOffset.MinValue);
    }

    private sealed record Load;

    private sealed record Tick;

    private sealed record RefreshDue;
}
