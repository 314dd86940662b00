using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>Folding what is stored gives the state that was acted from: every event that is journaled changes it, and every command sent is one that it calls for.</summary>
internal sealed class JournalChecker(World world) : Checker(world)
{
    private readonly Dictionary<string, (ServicePlan Plan, RolloutState State)> _rollouts = new(StringComparer.Ordinal);

    /// <summary>Command id → host.</summary>
    private readonly Dictionary<string, string> _calledFor = new(StringComparer.Ordinal);

    /// <summary>Stack → the newest change that is stored.</summary>
    private readonly Dictionary<string, int> _changes = new(StringComparer.Ordinal);

    public override string Name => "the stored journal gives the state that is acted from";

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var gone in changes.OfType<StoreChange.DeletePrefix>())
        {
            if (gone.Key.Split('/') is ["stacks", var stack, ""]) Forget(stack);
        }

        foreach (var put in changes.OfType<StoreChange.Put>())
        {
            // What counts is what the store has, whatever it was given.
            if (World.Coordinator.Store.GetAsync(put.Key, CancellationToken.None).Result is not { } entry || entry.Value != put.Value) continue;
            switch (put.Key.Split('/'))
            {
                case ["stacks", var stack, "active"]:
                    Take(stack, JsonSerializer.Deserialize(entry.Value, StoreJson.Default.ChangeRecord)!);
                    break;
                case ["stacks", _, "journal", .. var id, _]:
                    Fold(string.Join('/', id), JsonSerializer.Deserialize(entry.Value, StoreJson.Default.RolloutEvent)!);
                    break;
            }
        }
    }

    public override void OnSent(SimHost host, AgentCommand command)
    {
        if (command is not (AgentCommand.StartReplica or AgentCommand.StopReplica or AgentCommand.PrepareReplica)) return;

        // A repair of single slots is planned anew after a crash: it has no journal.
        if (command.CommandId.Contains("/repair-", StringComparison.Ordinal)) return;
        if (!_calledFor.TryGetValue(command.CommandId, out var wanted)) Report($"{command.GetType().Name} {command.CommandId} is sent to {host.Name}, and no stored journal calls for it");
        else if (wanted != host.Name) Report($"{command.GetType().Name} {command.CommandId} is sent to {host.Name}, and the stored journal calls for it on {wanted}");
    }

    /// <summary>A stack that was removed and is deployed again counts from 1.</summary>
    private void Forget(string stack)
    {
        _changes.Remove(stack);
        foreach (var id in _rollouts.Keys.Where(id => id.StartsWith(stack + "/", StringComparison.Ordinal)).ToList()) _rollouts.Remove(id);
    }

    private void Take(string stack, ChangeRecord record)
    {
        if (_changes.GetValueOrDefault(stack) > record.Number) Report($"change {record.Number} of {stack} is stored after change {_changes[stack]}");
        _changes[stack] = record.Number;
        foreach (var plan in record.Plan.Services) Begin($"{stack}/{record.Number}/{plan.Service}", plan);
        foreach (var plan in record.Rollbacks.Values) Begin($"{stack}/{record.Number}/{plan.Service}/back", plan);
    }

    private void Begin(string id, ServicePlan plan)
    {
        if (_rollouts.TryGetValue(id, out var known))
        {
            if (JsonSerializer.Serialize(Record(known.Plan), StoreJson.Default.ChangeRecord) != JsonSerializer.Serialize(Record(plan), StoreJson.Default.ChangeRecord)) Report($"the plan of {id} is stored a second time with another content");
            return;
        }

        _rollouts[id] = (plan, Rollout.Begin(plan));
    }

    /// <summary>The store's own words for a plan.</summary>
    private static ChangeRecord Record(ServicePlan plan) => new() { Number = 0, Kind = ChangeKind.Deploy, Started = default, Plan = new Plan { Stack = "", TargetRevision = 0, Services = [plan] } };

    private void Fold(string id, RolloutEvent happened)
    {
        if (!_rollouts.TryGetValue(id, out var rollout))
        {
            Report($"an event is journaled for {id}, of which no plan is stored");
            return;
        }

        var next = Rollout.Apply(rollout.State, happened);
        if (ReferenceEquals(next, rollout.State)) Report($"{happened} is journaled for {id} and changes nothing there");
        foreach (var command in Rollout.Effects(rollout.State, next).Concat(Rollout.Outstanding(next))) CallFor(id, command);
        _rollouts[id] = (rollout.Plan, next);
    }

    private void CallFor(string id, RolloutCommand command)
    {
        var (key, host) = command switch
        {
            RolloutCommand.Prepare c => (Text($"{id}/{c.Slot}/{c.Attempt}/prepare"), c.Host),
            RolloutCommand.Prefetch c => (Text($"{id}/prefetch/{c.Host}"), c.Host),
            RolloutCommand.Start c => (Text($"{id}/{c.Slot}/{c.Attempt}/start"), c.Host),
            RolloutCommand.StopOld c => (Text($"{id}/{c.Slot}/{c.Attempt}/stop/{c.Host}/{c.Revision}"), c.Host),
            RolloutCommand.CancelNew c => (Text($"{id}/{c.Slot}/{c.Attempt}/cancel"), c.Host),
            RolloutCommand.Prune c => (Text($"{id}/{c.Slot}/prune/{c.Host}/{c.Revision}"), c.Host),
            _ => ("", ""),
        };
        if (key.Length > 0) _calledFor[key] = host;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
