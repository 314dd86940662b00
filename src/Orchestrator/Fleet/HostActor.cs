using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Fleet;

/// <summary>The coordinator's end of one agent: its session, what is on the host, and the commands that wait for an answer. Commands outlive sessions.</summary>
internal sealed partial class HostActor : ReceiveActor, IWithTimers
{
    /// <summary>More in flight than any host could work on: past this a caller has lost its bounds.</summary>
    private const int InFlightMax = 10_000;

    private readonly ILogger logger;
    private readonly TimeSpan downAfter;
    private readonly Dictionary<string, (AgentCommand Command, IActorRef ReplyTo, long Order)> inFlight = new(StringComparer.Ordinal);
    private readonly List<(long Number, IActorRef ReplyTo)> refreshes = [];
    private HostSnapshot snapshot;

    /// <summary>Its link has been replaced by another, and it has not reported since.</summary>
    private bool isReplaced;

    private IActorRef? downlink;
    private long sent;
    private FleetMessage.Roster? roster;

    /// <summary>Stacks that the host need not show.</summary>
    private readonly HashSet<string> excused = new(StringComparer.Ordinal);

    /// <summary>By stack, on this connection: the version that was sent last, and the one that the agent has said it shows.</summary>
    private readonly Dictionary<string, (long Sent, long Shown)> tables = new(StringComparer.Ordinal);

    /// <summary>Stacks whose tables the agent has been told on this connection to wait for, and has not been sent.</summary>
    private readonly HashSet<string> promised = new(StringComparer.Ordinal);

    /// <param name="known">What the store remembers of the host.</param>
    /// <param name="downAfter">From the loss of the link to the loss of the host.</param>
    public HostActor(HostSnapshot known, TimeSpan downAfter, ILoggerFactory loggers)
    {
        snapshot = known;
        this.downAfter = downAfter;
        logger = loggers.CreateLogger<HostActor>();
        Receive<HostMessage.Connect>(Connect);
        Receive<HostMessage.Disconnect>(m => Disconnect(m.Downlink, m.Reason));
        Receive<Terminated>(m => Disconnect(m.ActorRef, "its session ended"));
        Receive<HostMessage.Deliver>(Deliver);
        Receive<HostMessage.Excuse>(m => Excuse(m.Stack));
        Receive<HostMessage.Refresh>(Refresh);
        Receive<HostMessage.DownDeadlinePassed>(_ => GoDown());
        Receive<AgentEvent.InventoryReported>(TakeInventory);
        Receive<AgentEvent.ReplicaChanged>(e => Change(e.Replica.Key.Stack, snapshot.Replicas.SetItem(e.Replica.Key.ContainerName, e.Replica)));
        Receive<AgentEvent.ReplicaGone>(e => Change(e.Key.Stack, snapshot.Replicas.Remove(e.Key.ContainerName)));
        Receive<AgentEvent.ReplicaProgressed>(e => Answer(e.CommandId, e, isLast: false));
        Receive<AgentEvent.ReplicaReady>(e => Answer(e.CommandId, e, isLast: false));
        Receive<AgentEvent.LogLines>(e => Answer(e.CommandId, e, isLast: false));
        Receive<AgentEvent.ReplicaPrepared>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.ReplicaPassed>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.ReplicaFailed>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.ReplicaStopped>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.ImageResolved>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.StackRemoved>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.TrafficApplied>(ApplyTraffic);
        Receive<AgentEvent.TrafficMissed>(e => SendWhole(e.CommandId));
        Receive<AgentEvent.TrafficCounted>(e => Answer(e.CommandId, e, isLast: true));
        Receive<AgentEvent.Preflighted>(e => Answer(e.CommandId, e, isLast: true));
        Receive<FleetMessage.Roster>(TakeRoster);
        Receive<AgentEvent.LogsEnded>(e => Answer(e.CommandId, e, isLast: true));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        if (snapshot.State == HostState.Unknown)
        {
            Timers.StartSingleTimer("down", new HostMessage.DownDeadlinePassed(), downAfter);
        }
    }

    private void Connect(HostMessage.Connect message)
    {
        if (downlink is not null)
        {
            Context.Unwatch(downlink);
            downlink.Tell(new FleetMessage.SessionReplaced());

            // The agent has noticed first that the link was dead: nobody knows what of it has arrived.
            EndWithLink("the agent has connected anew");
            isReplaced = true;
        }
        downlink = message.Downlink;
        Context.Watch(downlink);
        Timers.Cancel("down");
        LogConnected(snapshot.Name, snapshot.State);
        message.ReplyTo.Tell(new FleetMessage.SessionOpened(Self));
    }

    private void Disconnect(IActorRef link, string reason)
    {
        if (!link.Equals(downlink))
        {
            return;
        }
        Context.Unwatch(link);
        downlink = null;
        LogDisconnected(snapshot.Name, reason);
        EndWithLink(reason);
        AnswerRefreshes();

        // One that was down is so until it reports, and what one has that never did is not known: it has only been there for a moment.
        Publish(snapshot with { State = snapshot.State is HostState.Down or HostState.Unknown ? snapshot.State : HostState.Disconnected, LastSeen = Context.System.Scheduler.Now }, [.. snapshot.Stacks]);
        Timers.StartSingleTimer("down", new HostMessage.DownDeadlinePassed(), downAfter);
    }

    private void EndWithLink(string reason)
    {
        promised.Clear();
        tables.Clear();
        foreach (var (id, waiting) in inFlight.Where(c => c.Value.Command is AgentCommand.OpenLogs).ToList())
        {
            inFlight.Remove(id);
            waiting.ReplyTo.Tell(new FleetMessage.Answered(snapshot.Name, id, new AgentEvent.LogsEnded(id, $"the link to host {snapshot.Name} was lost: {reason}")));
        }
        foreach (var (id, waiting) in inFlight.Where(c => IsOfTheMoment(c.Value.Command)).ToList())
        {
            inFlight.Remove(id);
            waiting.ReplyTo.Tell(new FleetMessage.HostLost(snapshot.Name, id));
        }
    }

    private void GoDown()
    {
        if (downlink is not null)
        {
            return;
        }
        LogDown(snapshot.Name, downAfter, inFlight.Count);
        foreach (var (id, waiting) in inFlight)
        {
            waiting.ReplyTo.Tell(new FleetMessage.HostLost(snapshot.Name, id));
        }
        inFlight.Clear();
        Publish(snapshot with { State = HostState.Down }, [.. snapshot.Stacks], ChangeScope.Standing);
    }

    private void Deliver(HostMessage.Deliver message)
    {
        var command = message.Command;
        if (command is AgentCommand.CreditLogs or AgentCommand.CloseLogs)
        {
            downlink?.Tell(command);
            return;
        }
        if ((snapshot.State == HostState.Down && downlink is null) || (IsOfTheMoment(command) && snapshot.State != HostState.Ready) || inFlight.Count >= InFlightMax)
        {
            message.ReplyTo.Tell(new FleetMessage.HostLost(snapshot.Name, command.CommandId));
            return;
        }
        if (command is AgentCommand.StopReplica stop)
        {
            CallOff(key => key == stop.Key);
        }
        else if (command is AgentCommand.RemoveStack removal)
        {
            CallOff(key => key.Stack == removal.Stack);
        }
        inFlight[command.CommandId] = (command, message.ReplyTo, ++sent);
        if (command is AgentCommand.ApplyTraffic traffic)
        {
            excused.Remove(traffic.Table.Stack);
        }
        if (snapshot.State == HostState.Ready)
        {
            SendNow(command, message.Change);
        }
    }

    /// <summary>Its answer is of use to nobody who has had to wait for a reconnect.</summary>
    private static bool IsOfTheMoment(AgentCommand command) => command is AgentCommand.CountTraffic or AgentCommand.Preflight;

    /// <summary>A stop ends a start that is under way, which is then never answered: sent again after a reconnect it would bring back what was stopped.</summary>
    private void CallOff(Func<ReplicaKey, bool> which)
    {
        foreach (var (id, _) in inFlight.Where(c => c.Value.Command is AgentCommand.StartReplica start && which(start.Key)).ToList())
        {
            inFlight.Remove(id);
        }
    }

    private void Refresh(HostMessage.Refresh message)
    {
        if (downlink is null || snapshot.State != HostState.Ready || !Concerns(message.Stack))
        {
            Sender.Tell(new HostMessage.Refreshed(snapshot.Name, message.Number));
            return;
        }
        refreshes.Add((message.Number, Sender));
        downlink.Tell(new AgentCommand.ReportInventory { CommandId = $"inventory/{message.Number}" });
    }

    /// <summary>So that what a deploy costs does not grow with hosts that have nothing to do with its stack.</summary>
    private bool Concerns(string stack) =>
        snapshot.Replicas.Values.Any(r => r.Key.Stack == stack) || inFlight.Values.Any(c => c.Command switch
        {
            AgentCommand.StartReplica start => start.Key.Stack == stack,
            AgentCommand.StopReplica stop => stop.Key.Stack == stack,
            _ => false,
        });

    private void TakeInventory(AgentEvent.InventoryReported report)
    {
        if (downlink is null)
        {
            return;
        }
        var before = snapshot;
        var isReturn = before.State != HostState.Ready || isReplaced || report.HasForgotten;
        var facts = report.Facts with { Name = before.Name };
        var (replicas, differing) = Merge(report.Replicas);
        var isSame = facts.IsSame(before.Facts);
        snapshot = before with { State = HostState.Ready, Facts = isSame ? before.Facts : facts, Replicas = replicas, LastSeen = Context.System.Scheduler.Now };
        Context.Parent.Tell(new HostMessage.Updated(
            snapshot,
            before.State == HostState.Ready ? [.. differing] : [.. snapshot.Stacks.Union(differing, StringComparer.Ordinal)],
            !isSame ? ChangeScope.All : before.State switch { HostState.Ready => ChangeScope.Named, HostState.Down => ChangeScope.Standing, _ => ChangeScope.Awaited }));
        isReplaced = false;
        AnswerRefreshes();
        if (isReturn)
        {
            LogReady(snapshot.Name, replicas.Count, inFlight.Count);
            tables.Clear();
            TellRoster();
            // In the order of before: of a stop and a start of one replica the later one counts.
            foreach (var waiting in inFlight.Values.OrderBy(c => c.Order))
            {
                SendNow(waiting.Command);
            }
        }
    }

    /// <summary>What is as it was stays the very same, so that a thousand hosts that are asked for what they have cost no look at every stack.</summary>
    private (ImmutableSortedDictionary<string, ReplicaSnapshot> Replicas, IReadOnlyCollection<string> Stacks) Merge(ImmutableArray<ReplicaSnapshot> reported)
    {
        var stacks = new HashSet<string>(StringComparer.Ordinal);
        var replicas = snapshot.Replicas.ToBuilder();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var replica in reported)
        {
            var name = replica.Key.ContainerName;
            names.Add(name);
            if (!replica.IsSame(snapshot.Replicas.GetValueOrDefault(name)))
            {
                replicas[name] = replica;
                stacks.Add(replica.Key.Stack);
            }
        }
        foreach (var (name, gone) in snapshot.Replicas.Where(r => !names.Contains(r.Key)))
        {
            replicas.Remove(name);
            stacks.Add(gone.Key.Stack);
        }
        return (replicas.ToImmutable(), stacks);
    }

    private void Change(string stack, ImmutableSortedDictionary<string, ReplicaSnapshot> replicas)
    {
        if (downlink is not null)
        {
            Publish(snapshot with { Replicas = replicas }, [stack]);
        }
    }

    private void Answer(string commandId, AgentEvent answer, bool isLast)
    {
        if (inFlight.TryGetValue(commandId, out var waiting))
        {
            if (isLast)
            {
                inFlight.Remove(commandId);
            }
            waiting.ReplyTo.Tell(new FleetMessage.Answered(snapshot.Name, commandId, answer));
        }
    }

    /// <summary>A table stays in flight, to be sent again on every connect, until the stack is gone.</summary>
    private void ApplyTraffic(AgentEvent.TrafficApplied report)
    {
        if (tables.TryGetValue(report.Stack, out var told))
        {
            tables[report.Stack] = (told.Sent, report.Version);
        }
        var isForgotten = inFlight.GetValueOrDefault(report.CommandId).Command is AgentCommand.ApplyTraffic { Table: { IsRemoved: true, Version: var version } } && report.Version >= version;
        if (isForgotten)
        {
            tables.Remove(report.Stack);
        }
        Answer(report.CommandId, report, isLast: isForgotten);
    }

    private void TakeRoster(FleetMessage.Roster message)
    {
        var isFirst = roster is null;
        roster = message;
        excused.IntersectWith(message.Stacks);
        if (isFirst && snapshot.State == HostState.Ready)
        {
            TellRoster();
        }

        // Their own actor may have ended before the agent was told to wait for them.
        foreach (var stack in promised.Except(message.Stacks, StringComparer.Ordinal).ToList())
        {
            TellEmpty(stack, isRemoved: true);
        }
    }

    private void TellRoster()
    {
        if (roster is not null)
        {
            ImmutableArray<string> shown = [.. roster.Stacks.Where(s => !excused.Contains(s))];
            promised.Clear();
            promised.UnionWith(shown);
            downlink?.Tell(new AgentCommand.BeginTraffic { CommandId = "begin-traffic", Stacks = shown });
        }
    }

    /// <summary>A table whole, but where the agent has said on this connection that it shows the very version that was sent last, and the change is one of that.</summary>
    private void SendNow(AgentCommand command, TableChange? change = null)
    {
        if (command is AgentCommand.ApplyTraffic { Table: { Stack: var stack, Version: var version } })
        {
            promised.Remove(stack);
            var (isKnown, isTaken) = (tables.TryGetValue(stack, out var told), snapshot.Facts?.TakesTableChanges == true);
            tables[stack] = (version, told.Shown);
            if (change is not null && isTaken && isKnown && told == (change.Base, change.Base))
            {
                downlink?.Tell(new AgentCommand.ChangeTraffic { CommandId = command.CommandId, Change = change });
                return;
            }
        }
        downlink?.Tell(command);
    }

    /// <summary>The agent has lost what the change was of.</summary>
    private void SendWhole(string commandId)
    {
        if (snapshot.State == HostState.Ready && inFlight.TryGetValue(commandId, out var waiting))
        {
            SendNow(waiting.Command);
        }
    }

    private void Excuse(string stack)
    {
        excused.Add(stack);
        TellEmpty(stack, isRemoved: false);
    }

    /// <summary>An agent that waits for the stack's table is told that it is empty, with the version that no table has; others are not told.</summary>
    private void TellEmpty(string stack, bool isRemoved)
    {
        if (promised.Remove(stack))
        {
            downlink?.Tell(new AgentCommand.ApplyTraffic { CommandId = StackTrafficActor.TrafficKey(stack), Table = new TrafficTable { Stack = stack, Version = 0, IsRemoved = isRemoved } });
        }
    }

    private void AnswerRefreshes()
    {
        foreach (var (number, replyTo) in refreshes)
        {
            replyTo.Tell(new HostMessage.Refreshed(snapshot.Name, number));
        }
        refreshes.Clear();
    }

    private void Publish(HostSnapshot next, ImmutableArray<string> stacks, ChangeScope scope = ChangeScope.Named)
    {
        snapshot = next;
        Context.Parent.Tell(new HostMessage.Updated(next, stacks, scope));
    }
}
