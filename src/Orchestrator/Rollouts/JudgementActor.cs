using System.Collections.Immutable;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Rollouts;

/// <summary>One judgement: asks every host what its ingress has counted, waits for the window's end, asks again, tells its parent the verdict and ends. Begins anew when it is restarted.</summary>
internal sealed class JudgementActor : ReceiveActor, IWithTimers
{
    /// <summary>An agent reads its ingress within milliseconds; what takes longer is left out.</summary>
    public static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    private readonly JudgementCase matter;
    private readonly IActorRef fleet;
    private readonly Dictionary<string, string> asked = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ImmutableArray<EndpointTally>> first = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, ImmutableArray<EndpointTally>> last = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> leftOut = new(StringComparer.Ordinal);
    private bool isLast;

    public JudgementActor(JudgementCase matter, IActorRef fleet)
    {
        this.matter = matter;
        this.fleet = fleet;
        Receive<FleetSnapshot>(snapshot => Ask([.. snapshot.Hosts.Values.Where(h => h.State == HostState.Ready).Select(h => h.Name)]));
        Receive<FleetMessage.Answered>(Answered);
        Receive<FleetMessage.HostLost>(m => LeaveOut(m.CommandId, "is not connected"));
        Receive<AnswersDue>(_ => GiveUpOnRest());
        Receive<WindowPassed>(_ => AskAgain());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => fleet.Tell(new FleetMessage.PeekFleet());

    private void Ask(ImmutableArray<string> hosts)
    {
        foreach (var host in hosts)
        {
            var id = $"{matter.Id}/{(isLast ? "last" : "first")}/{host}";
            asked[id] = host;
            fleet.Tell(new FleetMessage.Send(host, new AgentCommand.CountTraffic { CommandId = id, Stack = matter.Stack }));
        }
        Timers.StartSingleTimer(nameof(AnswersDue), new AnswersDue(), AnswerMax);
        GoOn();
    }

    private void Answered(FleetMessage.Answered message)
    {
        if (message.Event is not AgentEvent.TrafficCounted counted || !asked.ContainsKey(message.CommandId))
        {
            return;
        }
        if (counted.Error is { } error)
        {
            LeaveOut(message.CommandId, error);
            return;
        }
        asked.Remove(message.CommandId);
        (isLast ? last : first)[message.Host] = counted.Endpoints;
        GoOn();
    }

    private void LeaveOut(string? commandId, string why)
    {
        if (commandId is not null && asked.Remove(commandId, out var host))
        {
            leftOut[host] = why;
            GoOn();
        }
    }

    private void GiveUpOnRest()
    {
        foreach (var id in asked.Keys.ToList())
        {
            LeaveOut(id, "does not answer");
        }
    }

    private void GoOn()
    {
        if (asked.Count > 0)
        {
            return;
        }
        Timers.Cancel(nameof(AnswersDue));
        if (!isLast)
        {
            Timers.StartSingleTimer(nameof(WindowPassed), new WindowPassed(), matter.Slo.Window);
            return;
        }
        var verdict = SloVerdict.Of(matter.Service, matter.Slo, Counts(matter.Fresh), Counts(matter.Old));
        Context.Parent.Tell(new JudgementMessage.Judged(matter, verdict, [.. leftOut.Select(h => $"{h.Key} ({h.Value})")]));
        Context.Stop(Self);
    }

    private void AskAgain()
    {
        isLast = true;
        Ask([.. first.Keys]);
    }

    private TrafficCounts Counts(ImmutableHashSet<string> endpoints) =>
        last.Aggregate(TrafficCounts.None, (sum, host) => sum + TrafficCounts.Between(first[host.Key], host.Value, endpoints));

    private sealed record AnswersDue;

    private sealed record WindowPassed;
}
