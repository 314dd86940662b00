using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Changes;
using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>
/// On every ingress that counts, a service that once had all its replicas keeps them, but for those that injected faults have taken, and with stop-first as many
/// more as its parallelism and its failed slots.
/// </summary>
internal sealed class AvailabilityChecker(World world, Wishes wishes, Barrier barrier) : Checker(world)
{
    /// <summary>A fault's consequences, the host's being given up and its return among them.</summary>
    private static readonly TimeSpan FaultMatters = TimeSpan.FromMinutes(8);

    /// <summary>Until a replica's own end is known everywhere: a switch to it that had begun is made meanwhile.</summary>
    private static readonly TimeSpan EndMatters = TimeSpan.FromSeconds(15);

    private readonly Dictionary<(string Stack, string Service, string Host), int> _reached = [];
    private readonly Dictionary<string, (string Stack, string Service)> _good = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stopped = new(StringComparer.Ordinal);
    private readonly HashSet<string> _endedUnseen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _afflicted = new(StringComparer.Ordinal);

    /// <summary>By replica.</summary>
    private readonly Dictionary<string, Loss> _losses = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Stack, string Service), HashSet<int>> _failed = [];

    /// <summary>Stack → the slots that its change takes away.</summary>
    private readonly Dictionary<string, HashSet<(string Service, int Slot)>> _changing = new(StringComparer.Ordinal);

    /// <summary>Stack → since when its change has waited for a person: nothing is repaired meanwhile.</summary>
    private readonly Dictionary<string, DateTimeOffset> _waits = new(StringComparer.Ordinal);
    private bool _isDue;

    public override string Name => "serving replicas never fall below what the policy allows";

    public override void OnShown(SimHost host) => _isDue = true;

    public override void OnDelivered(SimHost host, AgentEvent happened)
    {
        if (happened is AgentEvent.ReplicaFailed { Key: var key }) Fail(key.Stack, key.Service, key.Slot);
    }

    /// <summary>The coordinator finds out that a replica does not serve any more, or was not heard of in time.</summary>
    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var ended in changes.OfType<StoreChange.Delete>())
        {
            if (ended.Key.Split('/') is ["stacks", var stack, "active"]) _changing.Remove(stack);
        }

        foreach (var put in changes.OfType<StoreChange.Put>())
        {
            if (put.Key.Split('/') is ["stacks", var changing, "active"]) _changing[changing] = Leaving(JsonSerializer.Deserialize(put.Value, StoreJson.Default.ChangeRecord)!);
            if (put.Key.Split('/') is ["stacks", var stack, "journal", _, _, var service, ..] && JsonSerializer.Deserialize(put.Value, StoreJson.Default.RolloutEvent) is RolloutEvent.ReplicaFailed failed) Fail(stack, service, failed.Slot);
        }
    }

    public override void OnEngineCall(SimHost host, string operation, string subject, bool isBefore)
    {
        _isDue = true;
        if (isBefore && operation is nameof(IEngine.StopContainerAsync) or nameof(IEngine.KillContainerAsync) or nameof(IEngine.RemoveContainerAsync) && host.Find(subject) is { } container) _stopped.Add($"{container.Name}@{host.Name}");
        if (isBefore && operation == nameof(IEngine.StartContainerAsync) && host.Find(subject) is { } started) _stopped.Remove($"{started.Name}@{host.Name}");
    }

    public override void OnFault(SimHost? host)
    {
        _isDue = true;
        if (host is null) return;
        _afflicted[host.Name] = World.Now + FaultMatters;
        foreach (var (id, (stack, service)) in _good.Where(g => g.Key.EndsWith("@" + host.Name, StringComparison.Ordinal)).ToList()) Lose(stack, service, id);
    }

    public override void OnStep()
    {
        foreach (var stack in wishes.Stacks) Wait(stack);
        if (!_isDue) return;
        _isDue = false;
        Observe();
        foreach (var stack in wishes.Stacks)
        {
            foreach (var service in wishes.ServicesOf(stack)) Check(stack, service);
        }
    }

    private void Fail(string stack, string service, int slot)
    {
        if (!_failed.TryGetValue((stack, service), out var slots)) _failed[(stack, service)] = slots = [];
        slots.Add(slot);
    }

    private static HashSet<(string Service, int Slot)> Leaving(ChangeRecord record) =>
    [
        .. from plan in record.Plan.Services
           let now = record.Rollbacks.GetValueOrDefault(plan.Service, plan)
           from slot in now.Slots
           where slot is { Action: SlotAction.Remove, KeptHost: null }
           select (now.Service, slot.Slot),
    ];

    private void Wait(string stack)
    {
        if (_changing.ContainsKey(stack) && World.Clients.All(c => c.IsDone || c.Request.Stack != stack))
        {
            _waits.TryAdd(stack, World.Now);
        }
        else if (_waits.Remove(stack, out var since))
        {
            foreach (var (id, loss) in _losses.Where(l => l.Value.Stack == stack && l.Value.Until > since).ToList()) Lose(stack, loss.Service, id);
        }
    }

    private void Check(string stack, string service)
    {
        var desired = wishes.ReplicasMin(stack, service);
        if (desired == 0)
        {
            // It may go, and has to have been whole again before it is held to that.
            foreach (var host in World.Hosts) _reached.Remove((stack, service, host.Name));
            return;
        }

        var leaving = _changing.GetValueOrDefault(stack, []);
        var isFull = true;
        foreach (var host in World.Hosts)
        {
            var at = (stack, service, host.Name);
            if (!host.Ingress.IsAlive || !barrier.IsIn(stack, host))
            {
                _reached.Remove(at);
                continue;
            }

            var slots = host.Ingress.Endpoints.Where(e => e.State == EndpointState.Serving && e.Replica.Stack == stack && e.Replica.Service == service && IsGood(e)).Select(e => e.Replica.Slot).ToList();

            // What is to go all the same does not make up for a slot that has failed.
            isFull &= slots.Count(slot => !leaving.Contains((service, slot))) >= desired;
            var serving = slots.Count;
            if (serving >= desired)
            {
                _reached[at] = desired;
                continue;
            }

            if (_reached.GetValueOrDefault(at) < desired) continue;
            var lost = _losses.Values.Count(l => l.Stack == stack && l.Service == service && l.Until > _waits.GetValueOrDefault(stack, World.Now));
            var allowed = lost + (wishes.MayStopFirst(stack, service) ? (long)wishes.ParallelismMax(stack, service) + _failed.GetValueOrDefault((stack, service), []).Count : 0);
            if (serving < desired - allowed) Report($"the ingress of {host.Name} sends requests to {serving} good replicas of {stack}/{service}; {desired} are wanted, {allowed} may be missing");
        }

        if (isFull) _failed.Remove((stack, service));
    }

    /// <summary>What was good and is no more, without the product's having stopped it, is lost to a fault.</summary>
    private void Observe()
    {
        foreach (var (id, (stack, service)) in _good.ToList())
        {
            if (FindGood(id)) continue;
            _good.Remove(id);
            if (!_stopped.Contains(id)) Lose(stack, service, id);
        }

        // What goes on ending by itself is good only now and then, and an ingress that is slow to show it never gets to.
        foreach (var (id, loss) in _losses.Where(l => l.Value.Until > World.Now && !FindGood(l.Key) && HasJustEnded(l.Key)).ToList()) Lose(loss.Stack, loss.Service, id);

        foreach (var endpoint in World.Hosts.Where(h => h.Ingress.IsAlive).SelectMany(h => h.Ingress.Endpoints))
        {
            if (endpoint.State != EndpointState.Serving || _good.ContainsKey(endpoint.Id)) continue;
            if (!IsGood(endpoint))
            {
                // After it had passed, and before any ingress had it.
                if (HasJustEnded(endpoint.Id) && _endedUnseen.Add(endpoint.Id)) Lose(endpoint.Replica.Stack, endpoint.Replica.Service, endpoint.Id);
                continue;
            }

            _good[endpoint.Id] = (endpoint.Replica.Stack, endpoint.Replica.Service);

            // What comes of the host's fault may be still to come, and so may a table from when it had ended and was not started again yet.
            if (_afflicted.GetValueOrDefault(endpoint.Host) > World.Now || World.Host(endpoint.Host).Find(endpoint.Replica.ContainerName) is { RestartCount: > 0 }) Lose(endpoint.Replica.Stack, endpoint.Replica.Service, endpoint.Id);
        }
    }

    private void Lose(string stack, string service, string replica) => _losses[replica] = new Loss(stack, service, World.Now + FaultMatters);

    /// <summary>By itself; it may have been started again.</summary>
    private bool HasJustEnded(string id) =>
        !_stopped.Contains(id) && id.Split('@') is [var name, var at] && World.Host(at) is { IsUp: true } host && host.Find(name) is { FinishedAt: { } ended } && host.Clock.GetUtcNow() - ended < EndMatters;

    private bool IsGood(Endpoint endpoint) => IsGood(endpoint.Host, endpoint.Replica.ContainerName);

    private bool FindGood(string id) => id.Split('@') is [var name, var host] && IsGood(host, name);

    private bool IsGood(string hostName, string container)
    {
        var host = World.Host(hostName);
        return host.IsUp && host.Find(container) is { IsRunning: true } found && found.IsHealthy(host.Clock);
    }

    private sealed record Loss(string Stack, string Service, DateTimeOffset Until);
}
