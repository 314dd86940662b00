using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>Old replicas that leave the traffic: for a new one not before that serves on every host, whatever it did when it was published.</summary>
internal sealed partial class StackTrafficActor
{
    private readonly List<(TrafficMessage.Drain Asked, TrafficMessage.Successor For, IActorRef ReplyTo, DateTimeOffset Since)> yielding = [];

    /// <summary>Those that leave with the next table unless they are the last of their slot in it.</summary>
    private readonly List<(TrafficMessage.Drain Asked, IActorRef ReplyTo)> givenUp = [];

    private void Drain(TrafficMessage.Drain message)
    {
        var replyTo = Sender;
        LeaveOut(message.Replica, message.Host);
        Stay(message.Replica, message.Host);
        if (message.UnlessLast)
        {
            // Who else is of its slot is told by a table that has all that was told, and that a coordinator just started has not yet.
            givenUp.Add((message, replyTo));
            RefreshSoon();
            return;
        }

        // A switch has taken it out already, or an earlier order, before the coordinator was started anew.
        var isOut = IsOut(message);
        var mayServe = !isOut && (table is null || barrier.IsServing(TrafficTables.Id(message.Replica, message.Host)) || (isRefreshDue && IsServing(message.Replica, message.Host)));
        if (message.For is { } successor && mayServe)
        {
            yielding.Add((message, successor, replyTo, Now));
            Timers.StartPeriodicTimer(nameof(Tick), new Tick(), TickInterval);
            YieldSoon();
            return;
        }
        TakeOut(message, replyTo);
        RefreshSoon();
    }

    /// <summary>Durable at once: nobody tells it again.</summary>
    private Task UndrainAsync(TrafficMessage.Undrain message)
    {
        LeaveOut(message.Replica, message.Host);
        Stay(message.Replica, message.Host);
        Mark(marks with { Draining = marks.Draining.Remove(TrafficTables.Id(message.Replica, message.Host)) });
        return TryAsync(KeepMarksAsync);
    }

    /// <summary>At once, as a switch is: in between, new and old replicas would serve together.</summary>
    private Task SwitchBackAsync(TrafficMessage.SwitchBack message)
    {
        foreach (var (replica, host) in message.To.Concat(message.From))
        {
            LeaveOut(replica, host);
            Stay(replica, host);
        }
        Note(marks with { Draining = marks.Draining.Except(message.To.Select(t => TrafficTables.Id(t.Replica, t.Host))) });
        var replyTo = Sender;
        givenUp.AddRange(message.From.Select(f => (new TrafficMessage.Drain(f.Replica, f.Host, UnlessLast: true), replyTo)));
        return RefreshAsync();
    }

    /// <summary>What takes the traffic of the replica's slot, itself included.</summary>
    private static IEnumerable<Endpoint> OfSlot(ReplicaKey replica, ImmutableArray<ServiceTraffic> services) =>
        services.Where(s => s.Service == replica.Service).SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Serving && e.Replica.Slot == replica.Slot);

    private bool IsOut(TrafficMessage.Drain asked) => marks.Draining.Contains(TrafficTables.Id(asked.Replica, asked.Host));

    private void Stay(ReplicaKey replica, string host)
    {
        yielding.RemoveAll(y => y.Asked.Replica == replica && y.Asked.Host == host);
        givenUp.RemoveAll(g => g.Asked.Replica == replica && g.Asked.Host == host);
    }

    private void TakeOut(TrafficMessage.Drain message, IActorRef replyTo)
    {
        var id = TrafficTables.Id(message.Replica, message.Host);
        draining.RemoveAll(d => d.Endpoint == id);
        draining.Add((id, message.Replica, message.Host, replyTo));
        Note(marks with { Draining = marks.Draining.Add(id) });
    }

    private void YieldSoon()
    {
        if (yielding.Exists(y => WhyNoSuccessor(y.For, y.Since) is not null || (barrier.IsPublished(TrafficTables.Id(y.For.Replica, y.For.Host)) && IsServing(y.For.Replica, y.For.Host)) || IsUnreachable(y.For.Replica, y.For.Host)))
        {
            RefreshSoon();
        }
    }

    /// <summary>Those whose successor has died stay.</summary>
    private void KeepWithoutSuccessor()
    {
        foreach (var waiting in yielding.ToList())
        {
            if (WhyNoSuccessor(waiting.For, waiting.Since) is { } why)
            {
                yielding.Remove(waiting);
                waiting.ReplyTo.Tell(Died(waiting.For.Replica, waiting.For.Host, why));
            }
        }
    }

    /// <summary>Those leave that others of their slot serve beside; of the last one some ingress may have sent requests to by now, and nothing else of its slot would take them.</summary>
    /// <param name="next">What the next table would be without that.</param>
    /// <returns>True: the table is to be made again.</returns>
    private bool GiveUp(ImmutableArray<ServiceTraffic> next)
    {
        var asked = givenUp.ToList();
        givenUp.Clear();
        foreach (var (drain, replyTo) in asked)
        {
            var id = TrafficTables.Id(drain.Replica, drain.Host);
            var left = OfSlot(drain.Replica, next).Select(e => e.Id).Except(marks.Draining, StringComparer.Ordinal);
            if (!IsOut(drain) && left.SequenceEqual([id], StringComparer.Ordinal))
            {
                replyTo.Tell(new TrafficMessage.Kept(drain.Replica, drain.Host));
            }
            else
            {
                TakeOut(drain, replyTo);
            }
        }
        return asked.Count > 0;
    }

    /// <summary>Those leave whose successor is there.</summary>
    /// <param name="next">What the next table would be without that: a successor that it leaves out, as one on a host that is down, is none.</param>
    /// <returns>True: the table is to be made again.</returns>
    private bool Yield(ImmutableArray<ServiceTraffic> next)
    {
        var ready = yielding.Where(y => IsThere(y.For, next)).ToList();
        foreach (var waiting in ready)
        {
            yielding.Remove(waiting);
            TakeOut(waiting.Asked, waiting.ReplyTo);
        }
        return ready.Count > 0;
    }

    /// <summary>Every host shows it by now, and the next table has it too; or no table ever has it, for it has no address.</summary>
    private bool IsThere(TrafficMessage.Successor successor, ImmutableArray<ServiceTraffic> next)
    {
        var id = TrafficTables.Id(successor.Replica, successor.Host);
        return next.SelectMany(s => s.Endpoints).FirstOrDefault(e => e.Id == id) is { } shown
            ? shown.State == EndpointState.Serving && barrier.IsPublished(id)
            : snapshot.Hosts.GetValueOrDefault(successor.Host)?.State == HostState.Ready && IsUnreachable(successor.Replica, successor.Host);
    }

    /// <summary>Null: it serves, or may yet, as one whose host is not heard of at the moment.</summary>
    private string? WhyNoSuccessor(TrafficMessage.Successor successor, DateTimeOffset since)
    {
        if (snapshot.Hosts.GetValueOrDefault(successor.Host) is not { State: HostState.Ready })
        {
            return null;
        }
        return WhyDead(successor.Replica, successor.Host, successor.Restarts)
            ?? (!IsServing(successor.Replica, successor.Host) && Now - since >= ServingPatience ? "does not serve any more" : null);
    }

    /// <summary>It has ended since it was to be published: the engine may start it again and again, and it is no better for it.</summary>
    private string? WhyDead(ReplicaKey replica, string host, int? restarts) => Find(replica, host) switch
    {
        { State: ReplicaState.Exited or ReplicaState.Restarting or ReplicaState.Retained } => "exited",
        { } there when there.RestartCount > restarts => "exited and was started again",
        _ => null,
    };

    private static TrafficMessage.Refused Died(ReplicaKey replica, string host, string how) =>
        new(replica, host, new FailureReport { Stage = ReplicaStage.Monitor, Message = $"the replica passed its gate, and {how} before the old one left the traffic" });
}
