using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>What a newer change has taken over from, and a start that was called off, is never begun again.</summary>
internal sealed class SupersededChecker(World world) : Checker(world)
{
    private readonly Dictionary<string, int> _newest = new(StringComparer.Ordinal);
    private readonly HashSet<string> _calledOff = new(StringComparer.Ordinal);

    public override string Name => "what is superseded or called off never comes back";

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var gone in changes.OfType<StoreChange.DeletePrefix>())
        {
            if (gone.Key.Split('/') is not ["stacks", var stack, ""]) continue;
            _newest.Remove(stack);
            _calledOff.RemoveWhere(start => start.Contains($" {stack}/", StringComparison.Ordinal));
        }

        foreach (var put in changes.OfType<StoreChange.Put>())
        {
            if (put.Key.Split('/') is ["stacks", var stack, "active"]) _newest[stack] = JsonSerializer.Deserialize(put.Value, StoreJson.Default.ChangeRecord)!.Number;
        }
    }

    public override void OnSent(SimHost host, AgentCommand command)
    {
        var words = command.CommandId.Split('/');
        if (command is AgentCommand.StopReplica && words[^1] == "cancel") _calledOff.Add($"{host.Name} {string.Join('/', words[..^1])}");
        if (command is not AgentCommand.StartReplica start) return;
        if (int.TryParse(words[1], CultureInfo.InvariantCulture, out var change) && change < _newest.GetValueOrDefault(start.Key.Stack)) Report($"{command.CommandId} starts {start.Key.ContainerName} on {host.Name}, and the stack is at change {_newest[start.Key.Stack]}");
        else if (_calledOff.Contains($"{host.Name} {string.Join('/', words[..^1])}")) Report($"{command.CommandId} starts {start.Key.ContainerName} on {host.Name} after that start was called off");
    }
}
