using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>Nothing is stopped while an ingress that counts sends requests to it, or has some open to it and time left for them.</summary>
internal sealed class DrainChecker(World world, Barrier barrier) : Checker(world)
{
    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);

    /// <summary>Containers that have been asked to stop: that one does not, and is killed in the end, is the same stop.</summary>
    private readonly HashSet<string> _stopping = new(StringComparer.Ordinal);

    /// <summary>Replica → hosts that did not count when its stop was ordered: one may catch up while the order is on its way.</summary>
    private readonly Dictionary<string, HashSet<string>> _excused = new(StringComparer.Ordinal);

    public override string Name => "nothing is stopped before it is drained";

    public override void OnSent(SimHost host, AgentCommand command)
    {
        if (command is AgentCommand.ApplyTraffic apply) barrier.OnSent(apply);
        if (command is AgentCommand.StopReplica stop) _excused[$"{stop.Key.ContainerName}@{host.Name}"] = [.. World.Hosts.Where(other => !barrier.IsIn(stop.Key.Stack, other)).Select(other => other.Name)];
        if (command is AgentCommand.RemoveStack remove) _removed.Add(remove.Stack);
        if (command is AgentCommand.StartReplica start) _removed.Remove(start.Key.Stack);
    }

    public override void OnDelivered(SimHost host, AgentEvent happened)
    {
        if (happened is AgentEvent.TrafficApplied applied) barrier.OnDelivered(host, applied);
    }

    public override void OnStep() => barrier.OnStep("");

    public override void OnEngineCall(SimHost host, string operation, string subject, bool isBefore)
    {
        if (operation == nameof(IEngine.StartContainerAsync)) _stopping.Remove($"{host.Name} {host.Find(subject)?.Id}");
        if (!isBefore || operation is not (nameof(IEngine.StopContainerAsync) or nameof(IEngine.KillContainerAsync) or nameof(IEngine.RemoveContainerAsync))) return;
        if (host.Find(subject) is not { IsRunning: true } container || container.Request.Labels.GetValueOrDefault(ReplicaLabels.Stack) is not { } stack || _removed.Contains(stack)) return;
        if (operation == nameof(IEngine.StopContainerAsync)) _stopping.Add($"{host.Name} {container.Id}");
        else if (_stopping.Contains($"{host.Name} {container.Id}")) return;
        foreach (var other in World.Hosts) Check(stack, host, container, other);
    }

    private void Check(string stack, SimHost host, FakeContainer container, SimHost other)
    {
        var id = $"{container.Name}@{host.Name}";
        if (!other.Ingress.IsAlive || !barrier.IsIn(stack, other) || _excused.GetValueOrDefault(id)?.Contains(other.Name) == true || other.Ingress.Find(id) is not { } endpoint) return;
        if (endpoint.State == EndpointState.Serving)
        {
            Report($"{id} is stopped, and the ingress of {other.Name} sends requests to it");
        }
        else if (other.Ingress.OpenUntil.TryGetValue(id, out var until) && until > World.Now && !World.Now.Equals(until))
        {
            Report($"{id} is stopped, and on {other.Name} connections to it are open for another {until - World.Now}");
        }
    }
}
