using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Planning;

namespace Orchestrator.Changes;

/// <summary>What has happened to the stack, kept for who asks later.</summary>
internal sealed partial class StackActor
{
    /// <summary>What happens within it costs one commit; a crash forgets at most this much, and nothing of what is committed by itself.</summary>
    private static readonly TimeSpan EventsDelay = TimeSpan.FromMilliseconds(250);

    private readonly StackEventLog events;

    private void Note(StackEvent happened)
    {
        if (options.IsPassive)
        {
            return;
        }
        events.Add(happened with { At = Now });
        if (!Timers.IsTimerActive(nameof(EventsDue)))
        {
            Timers.StartSingleTimer(nameof(EventsDue), new EventsDue(), EventsDelay);
        }
    }

    private async Task SaveEventsAsync()
    {
        if (events.HasUnsaved)
        {
            await store.Entries.CommitAsync(events.Take(), CancellationToken.None);
        }
    }

    private async Task TellEventsAsync(StackMessage.GetEvents message)
    {
        var asker = Sender;
        if (options.IsPassive)
        {
            // Another process writes them.
            events.Load(await store.EventsAsync(stack));
        }
        asker.Tell(new StackMessage.EventsFound(events.After(message.After.GetValueOrDefault(stack), message.Since)));
    }

    private async Task ExplainAsync(StackMessage.Explain message)
    {
        var asker = Sender;
        if (options.IsPassive)
        {
            events.Load(await store.EventsAsync(stack));
        }
        if (message.Service is { } service && Current is { } current && !current.Services.ContainsKey(service))
        {
            asker.Tell(new StackMessage.Rejected(CoordinatorErrorKind.NotFound, $"stack {stack} has no service {service}; it has {string.Join(", ", current.Services.Keys)}"));
            return;
        }
        var (state, past, isRepaired, now) = (State(), events.After(default, null), options.Repairs, Now);
        _ = fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(), ChangePreparation.FleetTimeout)
            .PipeTo(asker, Self, found => new StackMessage.Explained(new Explanation(state, found, past, isRepaired, now).View(message.Service)), e => Rejection(e));
    }

    private void NoteRequest(ChangeRequest request)
    {
        if (request is ChangeRequest.Resume or ChangeRequest.Abort or ChangeRequest.Pause or ChangeRequest.Promote)
        {
            Note(new StackEvent { Kind = StackEventKind.Asked, By = request.By, Message = $"{request.GetType().Name.ToLowerInvariant()} asked for by {ByOf(request.By)}" });
        }
    }

    private void NoteBegin(ChangeRecord record, Plan plan) => Note(new StackEvent
    {
        Kind = StackEventKind.ChangeBegan,
        By = record.By,
        Message = $"{record.Kind.ToString().ToLowerInvariant()} by {ByOf(record.By)}: revision {(plan.BaseRevision is { } from ? $"{from} → {plan.TargetRevision}" : $"{plan.TargetRevision}, the first")}{(record.IsAtomic ? ", atomic" : "")}",
    });

    private void NoteHost(HostSnapshot host)
    {
        if (ReplicasOn(host) is { } replicas)
        {
            Note(host.State == HostState.Down
                ? new StackEvent { Kind = StackEventKind.HostLost, Host = host.Name, Message = $"host {host.Name} is down{(host.LastSeen is { } seen ? $", last seen {seen.UtcDateTime:HH:mm:ss} UTC" : "")}; it had {replicas}" }
                : new StackEvent { Kind = StackEventKind.HostReturned, Host = host.Name, Message = $"host {host.Name} is back, with {replicas}" });
        }
    }

    private void NoteEngine(HostSnapshot host)
    {
        if (ReplicasOn(host) is { } replicas)
        {
            Note(host.Facts?.EngineError is { } error
                ? new StackEvent { Kind = StackEventKind.EngineLost, Host = host.Name, Message = $"the engine of host {host.Name} does not answer: {error}; when it last did, it had {replicas}" }
                : new StackEvent { Kind = StackEventKind.EngineReturned, Host = host.Name, Message = $"the engine of host {host.Name} answers again, with {replicas}" });
        }
    }

    /// <summary>Of this stack; null when there are none.</summary>
    private string? ReplicasOn(HostSnapshot host)
    {
        var there = host.Replicas.Values.Where(r => r.Key.Stack == stack && r.State != Protocol.ReplicaState.Retained).Select(r => $"{r.Key.Service}.{r.Key.Slot}").Distinct().Order(StringComparer.Ordinal).ToList();
        return there.Count == 0 ? null : string.Join(", ", there);
    }

    private static string ByOf(string? by) => by ?? "somebody at the coordinator's machine";

    private sealed record EventsDue;
}
