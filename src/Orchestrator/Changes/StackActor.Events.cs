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

    private void NoteHost(StackMessage.HostChanged message)
    {
        var there = message.Host.Replicas.Values.Where(r => r.Key.Stack == stack && r.State != Protocol.ReplicaState.Retained).Select(r => $"{r.Key.Service}.{r.Key.Slot}").Distinct().Order(StringComparer.Ordinal).ToImmutableArray();
        if (there.IsEmpty)
        {
            return;
        }
        var replicas = string.Join(", ", there);
        Note(message.Host.State == HostState.Down
            ? new StackEvent { Kind = StackEventKind.HostLost, Host = message.Host.Name, Message = $"host {message.Host.Name} is down{(message.Host.LastSeen is { } seen ? $", last seen {seen.UtcDateTime:HH:mm:ss} UTC" : "")}; it had {replicas}" }
            : new StackEvent { Kind = StackEventKind.HostReturned, Host = message.Host.Name, Message = $"host {message.Host.Name} is back, with {replicas}" });
    }

    private static string ByOf(string? by) => by ?? "somebody at the coordinator's machine";

    private sealed record EventsDue;
}
