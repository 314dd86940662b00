using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>Old replicas that leave the traffic: for a new one not before that serves on every host, whatever it did when it was published.</summary>
internal sealed partial class StackTrafficActor
{
    private readonly List<(TrafficMessage.Drain Asked, TrafficMessage.Successor For, IActorRef ReplyTo, DateTimeOffset Since)> yielding = [];

    private async Task DrainAsync(TrafficMessage.Drain message)
    {
        var replyTo = Sender;
        if (message.UnlessLast && isRefreshDue)
        {
            // Who else is of its slot is asked of a table that has all that was told.
            await RefreshAsync();
        }
        LeaveOut(message.Replica, message.Host);
        Stay(message.Replica, message.Host);

        // A switch has taken it out already, or an earlier order, before the coordinator was started anew.
        var isOut = marks.Draining.Contains(TrafficTables.Id(message.Replica, message.Host));
        if (message.UnlessLast && !isOut && IsLastOfSlot(message.Replica, message.Host))
        {
            replyTo.Tell(new TrafficMessage.Kept(message.Replica, message.Host));
            return;
        }
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

    private void Undrain(TrafficMessage.Undrain message)
    {
        LeaveOut(message.Replica, message.Host);
        Stay(message.Replica, message.Host);
        Mark(marks with { Draining = marks.Draining.Remove(TrafficTables.Id(message.Replica, message.Host)) });
    }

    /// <summary>Some ingress may have sent it requests by now, and nothing else of its slot would take them.</summary>
    private bool IsLastOfSlot(ReplicaKey replica, string host) => OfSlot(replica).Select(e => e.Id).SequenceEqual([TrafficTables.Id(replica, host)], StringComparer.Ordinal);

    /// <summary>What takes the traffic of the replica's slot, itself included.</summary>
    private IEnumerable<Endpoint> OfSlot(ReplicaKey replica) =>
        (table?.Services ?? []).Where(s => s.Service == replica.Service).SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Serving && e.Replica.Slot == replica.Slot);

    private void Stay(ReplicaKey replica, string host) => yielding.RemoveAll(y => y.Asked.Replica == replica && y.Asked.Host == host);

    private void TakeOut(TrafficMessage.Drain message, IActorRef replyTo)
    {
        var id = TrafficTables.Id(message.Replica, message.Host);
        draining.RemoveAll(d => d.Endpoint == id);
        draining.Add((id, message.Replica, message.Host, replyTo));
        Note(marks with { Draining = marks.Draining.Add(id) });
    }

    private void YieldSoon()
    {
        if (yielding.Exists(y => WhyNoSuccessor(y.For, y.Since) is not null || IsThere(y.For)))
        {
            RefreshSoon();
        }
    }

    /// <summary>Only with the fleet that the next table is made of: one that dies in between is a successor no more.</summary>
    private void Yield()
    {
        foreach (var waiting in yielding.ToList())
        {
            if (WhyNoSuccessor(waiting.For, waiting.Since) is { } why)
            {
                yielding.Remove(waiting);
                waiting.ReplyTo.Tell(Died(waiting.For.Replica, waiting.For.Host, why));
            }
            else if (IsThere(waiting.For))
            {
                yielding.Remove(waiting);
                TakeOut(waiting.Asked, waiting.ReplyTo);
            }
        }
    }

    /// <summary>Every host shows it, and the next table will have it too.</summary>
    private bool IsThere(TrafficMessage.Successor successor)
    {
        var id = TrafficTables.Id(successor.Replica, successor.Host);
        return IsServing(successor.Replica, successor.Host)
            && !marks.Draining.Contains(id)
            && (barrier.IsPublished(id) || IsUnreachable(successor.Replica, successor.Host));
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
