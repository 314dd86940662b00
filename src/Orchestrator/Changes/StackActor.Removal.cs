using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Changes;

/// <summary>The stack's own removal.</summary>
internal sealed partial class StackActor
{
    /// <summary>Between a removal that some host could not do and the next try; doubles.</summary>
    private static readonly TimeSpan RemovalPauseMin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RemovalPauseMax = TimeSpan.FromMinutes(5);

    private int removals;

    private void BeginRemove(ChangeRequest.Remove request, IActorRef follower)
    {
        Follow(follower, withPast: false);
        head = head with { IsRemoving = true, RemovingVolumes = request.Volumes ? OwnVolumes() : [] };
        removals = 0;
        Remove();
    }

    private void Remove()
    {
        isClearing = true;
        Timers.Cancel(nameof(RemovalDue));
        var (networks, volumes) = (OwnNetworks(), head.RemovingVolumes);
        var self = Self;
        ClearHostsAsync(networks, volumes, $"{stack}/rm-{head.LastChange + 1}-{++removals}", head)
            .PipeTo(self, self, r => new HostsCleared(r.Unreachable, r.Errors), e => new HostsCleared([], [e.Message]));
    }

    /// <summary>A daemon goes on until it is done; a command that ends leaves it to the next one.</summary>
    private void RemoveLater(TimeSpan pause)
    {
        if (options.Repairs && head.IsRemoving)
        {
            Timers.StartSingleTimer(nameof(RemovalDue), new RemovalDue(), pause);
        }
    }

    private void RemoveAgain()
    {
        if (!head.IsRemoving || isClearing)
        {
            return;
        }
        if (IsAtRest && candidates.Count == 0 && next is null)
        {
            Remove();
        }
        else
        {
            // A deploy is being prepared that may keep it.
            RemoveLater(RemovalPauseMin);
        }
    }

    private TimeSpan RemovalPause() => DoublingPause.After(removals, RemovalPauseMin, RemovalPauseMax);

    /// <summary>Whoever deploys it wants to have it.</summary>
    private async Task KeepAsync()
    {
        if (head.IsRemoving)
        {
            await SaveAsync(head with { IsRemoving = false, RemovingVolumes = [] }, [], null);
        }
    }

    /// <summary>Of every revision that is known: an older one's data is the stack's as well.</summary>
    private ImmutableArray<string> OwnVolumes() => [.. revisions.SelectMany(r => r.Spec.Volumes.Values).Where(v => !v.External).Select(v => v.EngineName).Distinct()];

    private ImmutableArray<string> OwnNetworks() => [.. revisions.SelectMany(r => r.Spec.Networks.Values).Where(n => !n.External).Select(n => n.EngineName).Distinct()];

    private async Task<(ImmutableArray<string> Unreachable, ImmutableArray<string> Errors)> ClearHostsAsync(ImmutableArray<string> networks, ImmutableArray<string> volumes, string id, StackHead removing)
    {
        await store.SaveAsync(removing, [], null, []);

        // Nothing is sent to containers that are about to go. Bounded by the table's own actor.
        await traffic.Ask<TrafficMessage.Settled>(new TrafficMessage.Remove(removing.Stack), ChangePreparation.FleetTimeout);
        var snapshot = await fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(), ChangePreparation.FleetTimeout);
        var answers = await Task.WhenAll(snapshot.Hosts.Values.Select(async host =>
        {
            var command = new AgentCommand.RemoveStack { CommandId = $"{id}/{host.Name}", Stack = removing.Stack, Networks = networks, Volumes = volumes };
            var answer = host.State == HostState.Down
                ? new FleetMessage.HostLost(host.Name, null)
                : await fleet.Ask<FleetMessage>(new FleetMessage.Send(host.Name, command), RemoveTimeout);
            return (host.Name, Error: answer is FleetMessage.Answered { Event: AgentEvent.StackRemoved removed } ? removed.Error : null, IsLost: answer is FleetMessage.HostLost);
        }));
        return ([.. answers.Where(a => a.IsLost).Select(a => a.Name)], [.. answers.Where(a => a.Error is not null).Select(a => $"{a.Name}: {a.Error}")]);
    }

    private async Task HostsClearedAsync(HostsCleared message)
    {
        isClearing = false;
        if (!message.Errors.IsEmpty)
        {
            var text = $"stack {stack} could not be removed whole: {string.Join("; ", message.Errors)}; {(options.Repairs ? $"it is tried again in {RemovalPause().TotalSeconds:0} s, " : "")}`orchestrator rm {stack}{(head.RemovingVolumes.IsEmpty ? "" : " --volumes")}` tries it at once, a deploy keeps the stack";
            Note(new StackEvent { Kind = StackEventKind.Warning, Message = text });
            Tell(new ChangeEvent.Ended(ChangeOutcome.Failed, head.Current ?? 0, text));
            RemoveLater(RemovalPause());
            BeginNext();
            return;
        }
        events.Clear();
        await store.DeleteAsync(stack, OwnNetworks(), head.RemovingVolumes, message.Unreachable);
        await certificates.KeepAsync(stack, ImmutableHashSet<string>.Empty);

        // Where something of the stack is left its networks have their addresses still.
        peers.Networks.Tell(new AllocationMessage.Keep(stack, message.Unreachable.IsEmpty ? [] : OwnNetworks()));
        foreach (var host in message.Unreachable)
        {
            Tell(new ChangeEvent.Warning($"host {host} does not answer: what it has of the stack{(head.RemovingVolumes.IsEmpty ? "" : ", its volumes with their data too,")} is removed when it is back, unless the stack is deployed again before"));
        }
        Tell(new ChangeEvent.Ended(ChangeOutcome.Done, 0, $"stack {stack} is removed"));
        head = new StackHead { Stack = stack };
        revisions = [];
        if (next is null)
        {
            Context.Parent.Tell(new StackMessage.Removed(stack, message.Unreachable));
        }
        BeginNext();
    }

    private sealed record RemovalDue;

    private sealed record HostsCleared(ImmutableArray<string> Unreachable, ImmutableArray<string> Errors);
}
