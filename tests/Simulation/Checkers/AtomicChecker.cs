using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Changes;
using Orchestrator.Protocol;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>When an atomic change ends, and neither a person nor a newer change has ended it nor its way back failed, all that serves is of the one revision or of the other.</summary>
internal sealed class AtomicChecker(World world) : Checker(world)
{
    private readonly Dictionary<string, ChangeRecord> _under = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TrafficTable> _tables = new(StringComparer.Ordinal);

    /// <summary>Host → when something last happened to it.</summary>
    private readonly Dictionary<string, DateTimeOffset> _afflicted = new(StringComparer.Ordinal);

    /// <summary>Stack → hosts that were away when its change was planned. What they bring back is no part of it: repair takes it out, and waits for the change, which may wait for a person.</summary>
    private readonly Dictionary<string, HashSet<string>> _without = new(StringComparer.Ordinal);

    /// <summary>A fault's consequences, the host's being given up and its return among them.</summary>
    private static readonly TimeSpan FaultMatters = TimeSpan.FromMinutes(8);

    public override string Name => "an atomic change is all or nothing";

    public override void OnSent(SimHost host, AgentCommand command)
    {
        if (command is AgentCommand.ApplyTraffic { Table: var table } && !(_tables.GetValueOrDefault(table.Stack)?.Version >= table.Version)) _tables[table.Stack] = table;
    }

    public override void OnFault(SimHost? host)
    {
        foreach (var name in host is null ? World.Hosts.Select(h => h.Name) : [host.Name]) _afflicted[name] = World.Now;
    }

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var put in changes.OfType<StoreChange.Put>())
        {
            if (put.Key.Split('/') is ["stacks", var stack, "active"]) Take(stack, JsonSerializer.Deserialize(put.Value, StoreJson.Default.ChangeRecord)!);
        }

        foreach (var ended in changes.OfType<StoreChange.Delete>())
        {
            if (ended.Key.Split('/') is ["stacks", var stack, "active"] && _under.Remove(stack, out var record) && record is { IsAtomic: true, WindsDown: null }) Check(stack, record);
        }
    }

    /// <summary>The way back has a plan of its own.</summary>
    private void Take(string stack, ChangeRecord record)
    {
        if (!_under.TryGetValue(stack, out var before) || before.Number != record.Number || (record.Revert is { IsPlanned: true } && before.Revert is not { IsPlanned: true })) _without[stack] = [.. World.Hosts.Where(h => h.Link.AwaySince is not null).Select(h => h.Name)];
        _under[stack] = record;
    }

    private void Check(string stack, ChangeRecord record)
    {
        var stored = new StackStore(World.Coordinator.Store).LoadAsync(stack).GetAwaiter().GetResult();
        if (stored.Head is not { } head || record.Ends.Values.Any(e => e.Outcome is not (Api.ChangeOutcome.Done or Api.ChangeOutcome.RolledBack))) return;
        var wanted = record.Revert is null ? record.Plan.TargetRevision : record.RollbackRevision;
        if (head.Current != wanted) Report($"change {record.Number} of {stack} ended {(record.Revert is null ? "well" : "by going back")}, and the stack is at revision {head.Current} instead of {wanted}");
        if (record.Revert is null && record.Ends.Values.Any(e => e.Outcome != Api.ChangeOutcome.Done)) Report($"change {record.Number} of {stack} ended without going back, and {string.Join(", ", record.Ends.Where(e => e.Value.Outcome != Api.ChangeOutcome.Done).Select(e => e.Key))} did");
        var services = stored.Revisions.FirstOrDefault(r => r.Number == wanted)?.Services;
        foreach (var endpoint in _tables.GetValueOrDefault(stack)?.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Serving && !_without[stack].Contains(e.Host) && !(World.Now - _afflicted.GetValueOrDefault(e.Host, DateTimeOffset.MinValue) < FaultMatters)) ?? [])
        {
            if (services?.GetValueOrDefault(endpoint.Replica.Service)?.Id != endpoint.Replica.Revision) Report($"change {record.Number} of {stack} ended at revision {wanted}, and {endpoint.Id} serves");
        }
    }
}
