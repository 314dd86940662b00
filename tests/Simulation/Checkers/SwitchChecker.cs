using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Changes;
using Orchestrator.Engine.Fakes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>Blue-green: no ingress shows anything of the new set before it is promoted, and after that none sends requests to both sets. Hosts that something happens to after that, or that are away then, are left out.</summary>
internal sealed class SwitchChecker(World world) : Checker(world)
{
    private readonly Dictionary<(string Stack, string Service), Switching> _under = [];

    public override string Name => "blue-green shows all old or all new replicas";

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var ended in changes.OfType<StoreChange.Delete>())
        {
            if (ended.Key.Split('/') is ["stacks", var stack, "active"]) Forget(stack);
        }

        foreach (var put in changes.OfType<StoreChange.Put>())
        {
            switch (put.Key.Split('/'))
            {
                case ["stacks", var stack, "active"]:
                    Take(stack, JsonSerializer.Deserialize(put.Value, StoreJson.Default.ChangeRecord)!);
                    break;
                case ["stacks", _, "journal", var stack, var number, var service, _] when _under.TryGetValue((stack, service), out var switching) && switching.Change == number:
                    Fold(switching, JsonSerializer.Deserialize(put.Value, StoreJson.Default.RolloutEvent)!);
                    break;
            }
        }
    }

    public override void OnFault(SimHost? host)
    {
        foreach (var switching in _under.Values) switching.Afflicted.UnionWith(host is null ? World.Hosts.Select(h => h.Name) : [host.Name]);
    }

    public override void OnShown(SimHost host)
    {
        foreach (var ((stack, service), switching) in _under.Where(u => !u.Value.IsCalledOff))
        {
            var serving = host.Ingress.Endpoints.Where(e => e.State == EndpointState.Serving && e.Replica.Stack == stack && e.Replica.Service == service && !switching.Afflicted.Contains(e.Host) && switching.Slots.Contains(e.Replica.Slot) && !switching.Dropped.Contains(e.Replica.Slot) && !switching.Before.Contains(e.Id)).ToList();
            var fresh = serving.Where(e => e.Replica.Revision == switching.To).Select(e => e.Id).ToList();
            if (fresh.Count > 0 && !switching.IsPromoted) Report($"the ingress of {host.Name} shows {string.Join(' ', fresh)}, and {stack}/{service} is not promoted yet");
            else if (fresh.Count > 0 && fresh.Count < serving.Count) Report($"the ingress of {host.Name} sends requests to both sets of {stack}/{service}: {string.Join(' ', serving.Select(e => e.Id))}");
        }
    }

    private void Forget(string stack)
    {
        foreach (var at in _under.Keys.Where(u => u.Stack == stack).ToList()) _under.Remove(at);
    }

    private void Take(string stack, ChangeRecord record)
    {
        var change = record.Number.ToString(CultureInfo.InvariantCulture);
        foreach (var at in _under.Where(u => u.Key.Stack == stack && u.Value.Change != change).Select(u => u.Key).ToList()) _under.Remove(at);
        foreach (var plan in record.Plan.Services.Where(p => p.Strategy is { Kind: StrategyKind.BlueGreen }))
        {
            if (record.Rollbacks.ContainsKey(plan.Service) || record.Ends.ContainsKey(plan.Service)) _under.Remove((stack, plan.Service));
            else _under.TryAdd((stack, plan.Service), new Switching(change, plan.ToRevision, [.. plan.Slots.Select(s => s.Slot)], Shown(stack, plan)));
        }
    }

    /// <summary>Of the new revision, and in the traffic already, or on its way back into it, as when what was taking it out was superseded.</summary>
    private HashSet<string> Shown(string stack, ServicePlan plan)
    {
        var stored = World.Coordinator.Store.GetAsync(StackTrafficActor.TrafficKey(stack), CancellationToken.None).GetAwaiter().GetResult();
        var marks = stored is null ? TrafficMarks.None : JsonSerializer.Deserialize(stored.Value, StoreJson.Default.TrafficMarks)!;
        var running = World.Hosts
            .SelectMany(host => host.Of(stack), (host, container) => (Host: host, Container: container))
            .Where(c => c.Container.IsRunning && Label(c.Container, ReplicaLabels.Service) == plan.Service && Label(c.Container, ReplicaLabels.Revision) == plan.ToRevision)
            .Where(c => !marks.Withheld.Contains(TrafficTables.Name(new ReplicaKey(stack, plan.Service, int.Parse(Label(c.Container, ReplicaLabels.Slot), CultureInfo.InvariantCulture), plan.ToRevision))))
            .Select(c => $"{c.Container.Name}@{c.Host.Name}")
            .Where(id => !marks.Draining.Contains(id));
        var shown = World.Hosts.SelectMany(h => h.Ingress.Endpoints).Where(e => e.State == EndpointState.Serving && e.Replica.Stack == stack && e.Replica.Service == plan.Service && e.Replica.Revision == plan.ToRevision).Select(e => e.Id);
        return [.. running, .. shown];
    }

    private static string Label(FakeContainer container, string label) => container.Request.Labels.GetValueOrDefault(label, "");

    /// <summary>What is called off after the switch gives the traffic back: the old ones first, so that no table has neither. The slot of a host that is lost meanwhile follows alone.</summary>
    private void Fold(Switching switching, RolloutEvent happened)
    {
        if (happened is RolloutEvent.Promoted)
        {
            // The switch takes out whatever is known of by now; what is away brings back later what repair has to take out.
            switching.IsPromoted = true;
            switching.Afflicted.Clear();
            switching.Afflicted.UnionWith(World.Hosts.Where(h => h.Link.AwaySince is not null).Select(h => h.Name));
        }

        if (happened is RolloutEvent.SlotDropped dropped) switching.Dropped.Add(dropped.Slot);
        if (happened is RolloutEvent.SlotReassigned taken) switching.Dropped.Remove(taken.Slot);
        if (happened is RolloutEvent.ReplicaFailed or RolloutEvent.UnwindStarted or RolloutEvent.AbortRequested or RolloutEvent.HostLost && switching.IsPromoted) switching.IsCalledOff = true;
    }

    private sealed class Switching(string change, string to, HashSet<int> slots, HashSet<string> before)
    {
        public string Change { get; } = change;

        public string To { get; } = to;

        /// <summary>What a change that was stopped has left half done serves already in other slots.</summary>
        public HashSet<int> Slots { get; } = slots;

        /// <summary>What a change that was superseded or stopped had brought into the traffic before this one began.</summary>
        public HashSet<string> Before { get; } = before;

        public bool IsPromoted { get; set; }

        public bool IsCalledOff { get; set; }

        /// <summary>Of a global service whose host was lost: what it brings back goes on as it was, unless the set takes it in again.</summary>
        public HashSet<int> Dropped { get; } = [];

        public HashSet<string> Afflicted { get; } = new(StringComparer.Ordinal);
    }
}
