using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Changes;

/// <summary>What a stack shows to who connects to it.</summary>
internal sealed partial class StackActor
{
    /// <summary>For a table to be shown everywhere; a host that does not answer is out after half of it.</summary>
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromSeconds(30);

    private async Task MaintainAsync(StackMessage.SetMaintenance message)
    {
        var asker = Sender;
        if (Refusal(message) is { } refusal)
        {
            asker.Tell(refusal);
            return;
        }
        Note(new StackEvent
        {
            Kind = StackEventKind.Maintenance,
            Service = message.Service,
            By = message.By,
            Message = $"maintenance of {message.Service} is switched {(message.On ? "on" : "off")} by {ByOf(message.By)}",
        });
        await SaveAsync(
            head with
            {
                InMaintenance = message.On ? head.InMaintenance.Add(message.Service) : head.InMaintenance.Remove(message.Service),
                MaintenanceHolds = message is { On: true, Hold: { } hold } ? head.MaintenanceHolds.SetItem(message.Service, hold) : head.MaintenanceHolds.Remove(message.Service),
            },
            [],
            null);
        LogMaintenance(stack, message.Service, message.On ? "off → on" : "on → off");
        _ = traffic.Ask<TrafficMessage.Settled>(new TrafficMessage.Settle(stack), SettleTimeout)
            .PipeTo(asker, Self, s => new StackMessage.MaintenanceSet(s.Version), _ => new StackMessage.Rejected(
                CoordinatorErrorKind.Unreachable,
                $"maintenance of {stack}/{message.Service} is {(message.On ? "on" : "off")}, but not every host has said within {SettleTimeout.TotalSeconds:0} s that it shows that; see `orchestrator hosts ls`"));
    }

    /// <summary>Only the traffic changes: the change has ended when every host shows it.</summary>
    private async Task SettleAsync()
    {
        try
        {
            await traffic.Ask<TrafficMessage.Settled>(new TrafficMessage.Settle(stack), SettleTimeout);
        }
        catch (AskTimeoutException)
        {
            var standing = await traffic.Ask<TrafficMessage.StandingReport>(new TrafficMessage.GetStanding(stack), SettleTimeout);
            Tell(new ChangeEvent.Warning($"not every host shows the stack's traffic yet: {string.Join("; ", standing.Behind.Select(b => $"{b.Key}: {b.Value}"))}; it goes on trying"));
        }
    }

    /// <summary>A canary is in the traffic with the routes, ports and times that were; what is new of them comes with the promotion. A blue-green's table turns with its switch.</summary>
    private async Task PromotedAsync(ChangeEvent.Promoted promoted)
    {
        Report(promoted);
        if (active is { } change && head.Unpromoted.ContainsKey(promoted.Service) && change.Record.Plan.Services.Any(s => s.Service == promoted.Service && s.Strategy?.Kind == StrategyKind.Canary))
        {
            await SaveAsync(head with { Unpromoted = head.Unpromoted.Remove(promoted.Service) }, [], null);
        }
    }

    /// <summary>What an earlier change has left unpromoted is shown as before that one.</summary>
    private ImmutableSortedDictionary<string, int> UnpromotedBy(Plan plan)
    {
        var held = head.Unpromoted;
        foreach (var service in plan.Services)
        {
            held = service.Strategy is null || head.Current is not { } before ? held.Remove(service.Service)
                : held.ContainsKey(service.Service) ? held
                : held.Add(service.Service, before);
        }
        return held;
    }

    /// <summary>What failed, was aborted or superseded before its promotion goes on with what it had.</summary>
    private ImmutableSortedDictionary<string, int> StillUnpromoted(ChangeRecord ended) => ended.Outcome is ChangeOutcome.Done or ChangeOutcome.RolledBack
        ? head.Unpromoted.RemoveRange(ended.Plan.Services.Select(s => s.Service))
        : head.Unpromoted.RemoveRange(ended.Ends.Where(e => e.Value.Outcome is ChangeOutcome.Done or ChangeOutcome.RolledBack).Select(e => e.Key));

    private StackMessage.Rejected? Refusal(StackMessage.SetMaintenance message)
    {
        if (head.IsRemoving)
        {
            return new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} is being removed; its services take no maintenance any more");
        }
        if (Current is not { } current)
        {
            return new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} has not begun its first deploy; try again once `orchestrator watch {stack}` shows it accepted");
        }
        return current.Services.ContainsKey(message.Service)
            ? null
            : new StackMessage.Rejected(CoordinatorErrorKind.NotFound, $"stack {stack} has no service {message.Service}; it has {string.Join(", ", current.Services.Keys)}");
    }
}
