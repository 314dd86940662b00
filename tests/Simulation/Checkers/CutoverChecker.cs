using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>With start-first, an old replica leaves the traffic only when every ingress that counts shows a new one of its slot.</summary>
internal sealed class CutoverChecker(World world, Wishes wishes, Barrier barrier) : Checker(world)
{
    private readonly Dictionary<string, TrafficTable> _tables = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _starts = new(StringComparer.Ordinal);
    private readonly HashSet<(string Stack, string Service)> _switched = [];
    private readonly Dictionary<string, Endpoint> _everywhere = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _newest = new(StringComparer.Ordinal);

    public override string Name => "nothing is drained before its successor is shown everywhere";

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        // What is drained between changes is left over: what takes its place was there before.
        foreach (var ended in changes.OfType<StoreChange.Delete>())
        {
            if (ended.Key.Split('/') is not ["stacks", var stack, "active"]) continue;
            _newest.Remove(stack);
            _switched.RemoveWhere(s => s.Stack == stack);
        }

        foreach (var put in changes.OfType<StoreChange.Put>())
        {
            if (put.Key.Split('/') is not ["stacks", var stack, "active"]) continue;
            var record = JsonSerializer.Deserialize(put.Value, StoreJson.Default.ChangeRecord)!;
            _newest[stack] = string.Create(CultureInfo.InvariantCulture, $"{stack}/{record.Number}");
            _switched.RemoveWhere(s => s.Stack == stack);
            foreach (var plan in record.Plan.Services.Where(p => p.Strategy is { Kind: StrategyKind.BlueGreen } && !record.Rollbacks.ContainsKey(p.Service))) _switched.Add((stack, plan.Service));
        }
    }

    public override void OnShown(SimHost host)
    {
        foreach (var endpoint in host.Ingress.Endpoints.Where(e => e.State == EndpointState.Serving && !_everywhere.ContainsKey(e.Id)))
        {
            if (World.Hosts.All(h => !h.Ingress.IsAlive || !barrier.IsIn(endpoint.Replica.Stack, h) || h.Ingress.Serves(endpoint.Id))) _everywhere[endpoint.Id] = endpoint;
        }
    }

    public override void OnSent(SimHost host, AgentCommand command)
    {
        if (command is AgentCommand.StartReplica start) Begin($"{start.Key.ContainerName}@{host.Name}", start.CommandId);
        if (command is not AgentCommand.ApplyTraffic { Table: var table }) return;
        var before = _tables.GetValueOrDefault(table.Stack);
        if (before is not null && table.Version <= before.Version) return;
        _tables[table.Stack] = table;
        if (before is null || table.IsRemoved) return;
        var serving = before.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Serving).Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var old in table.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Draining && serving.Contains(e.Id))) Check(table, old);
    }

    private void Check(TrafficTable table, Endpoint old)
    {
        var service = old.Replica.Service;
        if (!wishes.IsSteady(table.Stack, service) || wishes.MayStopFirst(table.Stack, service)) return;
        var successors = table.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Serving && e.Replica.Service == service && e.Replica.Slot == old.Replica.Slot).ToList();
        if (successors.Count == 0)
        {
            // Of a service that has all it wants without it, the slot is one that goes away.
            if (Slots(table, service) >= wishes.ReplicasMin(table.Stack, service)) return;

            // What dies again and again gives its name to the one that takes its place.
            if (World.Host(old.Host).Find(old.Replica.ContainerName) is { RestartCount: > 0 }) return;

            // It was shown everywhere, and the word of its death crossed the one to drain the old one.
            if (_everywhere.Values.Any(e => e.Replica.Stack == table.Stack && e.Replica.Service == service && e.Replica.Slot == old.Replica.Slot && e.Id != old.Id && HasDied(e))) return;
            Report($"{old.Id} is drained by table {table.Version} of {table.Stack}, which has no other replica of its slot");
            return;
        }

        // One of two equal ones, on a host that is back, is no update.
        if (successors.Exists(s => s.Replica.Revision == old.Replica.Revision)) return;

        // A switch is one table: each ingress has the new ones in it or the old ones, never neither.
        if (_switched.Contains((table.Stack, service))) return;

        // One that an earlier change has started was wanted then and is kept now: it and the old one change places at once, on each ingress.
        if (successors.Exists(s => _starts.GetValueOrDefault(s.Id) is { } by && by != _newest.GetValueOrDefault(table.Stack))) return;
        foreach (var other in World.Hosts.Where(h => h.Ingress.IsAlive && barrier.IsIn(table.Stack, h)))
        {
            if (!successors.Exists(s => other.Ingress.Serves(s.Id))) Report($"{old.Id} is drained by table {table.Version} of {table.Stack}, and {other.Name} does not show {string.Join(" or ", successors.Select(s => s.Id))} yet");
        }
    }

    private static int Slots(TrafficTable table, string service) =>
        table.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Serving && e.Replica.Service == service).Select(e => e.Replica.Slot).Distinct().Count();

    private void Begin(string id, string commandId)
    {
        _starts[id] = ChangeOf(commandId);
        _everywhere.Remove(id);
    }

    private bool HasDied(Endpoint endpoint) => World.Host(endpoint.Host).Find(endpoint.Replica.ContainerName) is not { IsRunning: true, RestartCount: 0 };

    /// <summary><c>stack/number</c>, as command ids begin.</summary>
    private static string ChangeOf(string commandId) => string.Join('/', commandId.Split('/').Take(2));
}
