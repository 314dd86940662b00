using System.Collections.Immutable;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>What is repaired has no journal to be held to: it starts what the current revision wants, or, where that did not become good, where its service stands; and nothing while a change has the stack.</summary>
internal sealed class RepairChecker(World world) : Checker(world)
{
    private readonly Dictionary<string, StoredStack> _stored = new(StringComparer.Ordinal);

    public override string Name => "a repair starts what is wanted, between changes";

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var change in changes)
        {
            if (change.Key.Split('/') is ["stacks", var stack, ..]) _stored.Remove(stack);
        }
    }

    public override void OnSent(SimHost host, AgentCommand command)
    {
        if (command is not AgentCommand.StartReplica start || !command.CommandId.Contains("/repair-", StringComparison.Ordinal)) return;
        var stack = start.Key.Stack;
        if (!_stored.TryGetValue(stack, out var stored)) _stored[stack] = stored = new StackStore(World.Coordinator.Store).LoadAsync(stack).GetAwaiter().GetResult();
        if (stored.Active is { } active) Report($"{command.CommandId} starts {start.Key.ContainerName} on {host.Name} while change {active.Number} of {stack} is under way");
        else if (!IsWanted(stored, start.Key)) Report($"{command.CommandId} starts {start.Key.ContainerName} on {host.Name}, which is not of the current revision of {stack}");
    }

    private static bool IsWanted(StoredStack stored, ReplicaKey key)
    {
        if (stored.Revisions.FirstOrDefault(r => r.Number == stored.Head?.Current) is not { } current) return false;
        var number = current.State == RevisionState.Good ? current.Number : current.Stands?.GetValueOrDefault(key.Service);
        return stored.Revisions.FirstOrDefault(r => r.Number == number)?.Services.GetValueOrDefault(key.Service)?.Id == key.Revision;
    }
}
