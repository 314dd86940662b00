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
    private void BeginRemove(ChangeRequest.Remove request, IActorRef follower)
    {
        Follow(follower, withPast: false);
        var volumes = request.Volumes && Current is { } current ? current.Spec.Volumes.Values.Where(v => !v.External).Select(v => v.EngineName).ToImmutableArray() : [];
        Remove(volumes, follower);
    }

    private void Remove(ImmutableArray<string> volumes, IActorRef follower)
    {
        isClearing = true;
        head = head with { IsRemoving = true };
        var networks = OwnNetworks();
        var self = Self;
        ClearHostsAsync(networks, volumes, $"{stack}/rm-{head.LastChange + 1}", head)
            .PipeTo(self, self, r => new HostsCleared(follower, r.Unreachable, r.Errors), e => new HostsCleared(follower, [], [e.Message]));
    }

    private ImmutableArray<string> OwnNetworks() => [.. revisions.SelectMany(r => r.Spec.Networks.Values).Where(n => !n.External).Select(n => n.EngineName).Distinct()];

    private async Task<(ImmutableArray<string> Unreachable, ImmutableArray<string> Errors)> ClearHostsAsync(ImmutableArray<string> networks, ImmutableArray<string> volumes, string id, StackHead removing)
    {
        await store.SaveAsync(removing, [], null, []);

        // Nothing is sent to containers that are about to go. Bounded by the table's own actor.
        await traffic.Ask<TrafficMessage.Settled>(new TrafficMessage.Remove(removing.Stack), ChangePreparation.FleetTimeout);
        var snapshot = await fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(Fresh: false), ChangePreparation.FleetTimeout);
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
            await SaveAsync(head with { IsRemoving = false }, [], null);
            Tell(new ChangeEvent.Ended(ChangeOutcome.Failed, head.Current ?? 0, $"stack {stack} could not be removed whole: {string.Join("; ", message.Errors)}; run `orchestrator rm {stack}` again"));
            BeginNext();
            return;
        }
        events.Clear();
        await store.DeleteAsync(stack, OwnNetworks(), message.Unreachable);
        await certificates.KeepAsync(stack, ImmutableHashSet<string>.Empty);

        // Where something of the stack is left its networks have their addresses still.
        peers.Networks.Tell(new AllocationMessage.Keep(stack, message.Unreachable.IsEmpty ? [] : OwnNetworks()));
        foreach (var host in message.Unreachable)
        {
            Tell(new ChangeEvent.Warning($"host {host} does not answer: what it has of the stack is removed when it is back"));
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
}
