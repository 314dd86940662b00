using System.Collections.Immutable;
using Orchestrator.Agent.Links;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Measure;

/// <summary>One host whose engine does everything at once.</summary>
internal sealed class SimulatedAgent : ReceiveActor
{
    /// <summary>As many hosts as the smallest fleet has are in one group, so that the same stack can be on the same hosts of any fleet.</summary>
    private const int GroupSize = 10;

    private readonly string name;
    private readonly int number;
    private readonly CountdownEvent connected;
    private readonly Dictionary<string, ReplicaSnapshot> replicas = new(StringComparer.Ordinal);

    /// <summary>Of each table what an answer needs: a thousand hosts' whole tables, in one process, would be many gigabytes.</summary>
    private readonly Dictionary<string, (long Version, ImmutableSortedSet<string> Draining)> shown = new(StringComparer.Ordinal);
    private IActorRef uplink = ActorRefs.Nobody;
    private bool isCounted;
    private int addresses;

    public SimulatedAgent(string name, int number, CountdownEvent connected)
    {
        this.name = name;
        this.number = number;
        this.connected = connected;
        Receive<UplinkMessage.LinkUp>(LinkUp);
        Receive<UplinkMessage.LinkDown>(_ => uplink = ActorRefs.Nobody);
        Receive<AgentCommand.ReportInventory>(_ => Report());
        Receive<AgentCommand.ResolveImage>(c => Tell(new AgentEvent.ImageResolved { CommandId = c.CommandId, Pinned = $"{c.Reference}@sha256:{new string('0', 64)}" }));
        Receive<AgentCommand.PrepareReplica>(c => Tell(new AgentEvent.ReplicaPrepared(c.CommandId, c.Key)));
        Receive<AgentCommand.StartReplica>(Start);
        Receive<AgentCommand.StopReplica>(Stop);
        Receive<AgentCommand.ApplyTraffic>(c => Show(c.CommandId, c.Table.Stack, c.Table.Version, Draining(c.Table.Services.SelectMany(s => s.Endpoints))));
        Receive<AgentCommand.ChangeTraffic>(Change);
        Receive<AgentCommand.RemoveStack>(Remove);
        Receive<AgentCommand>(_ => { });
    }

    private void LinkUp(UplinkMessage.LinkUp up)
    {
        uplink = up.Uplink;
        Report();
        if (!isCounted)
        {
            isCounted = true;
            connected.Signal();
        }
    }

    private void Report() => Tell(new AgentEvent.InventoryReported(
        new HostFacts { Name = name, EngineId = name, EngineVersion = "20.10.24", Architecture = "x86_64", Cpus = 32, MemoryBytes = 128L << 30, AgentVersion = "scale", Labels = ImmutableSortedDictionary<string, string>.Empty.Add("group", number < GroupSize ? "ten" : "rest"), TakesTableChanges = true, ShowsEveryTable = false, Address = $"10.{100 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}" },
        [.. replicas.Values]));

    private void Start(AgentCommand.StartReplica command)
    {
        addresses++;
        var snapshot = new ReplicaSnapshot
        {
            Key = command.Key,
            ContainerId = command.Key.ContainerName,
            ContainerName = command.Key.ContainerName,
            Image = command.Spec.Container.Image,
            ConfigHash = command.Spec.ConfigHash,
            State = ReplicaState.Running,
            Health = ReplicaHealth.Healthy,
            Addresses = command.Spec.Container.Networks.ToImmutableSortedDictionary(n => n.EngineName, _ => $"172.{16 + (addresses >> 16)}.{(addresses >> 8) & 255}.{addresses & 255}"),
        };
        replicas[snapshot.ContainerName] = snapshot;
        Tell(new AgentEvent.ReplicaChanged(snapshot));
        Tell(new AgentEvent.ReplicaReady(command.CommandId, command.Key));
        Tell(new AgentEvent.ReplicaPassed(command.CommandId, command.Key));
    }

    private void Stop(AgentCommand.StopReplica command)
    {
        var container = command.Key.ContainerName;
        if (command.Retain && replicas.TryGetValue(container, out var running))
        {
            replicas[container] = running with { State = ReplicaState.Retained, Addresses = ImmutableSortedDictionary<string, string>.Empty };
            Tell(new AgentEvent.ReplicaChanged(replicas[container]));
        }
        else if (replicas.Remove(container))
        {
            Tell(new AgentEvent.ReplicaGone(command.Key));
        }
        Tell(new AgentEvent.ReplicaStopped(command.CommandId, command.Key));
    }

    private void Change(AgentCommand.ChangeTraffic command)
    {
        var change = command.Change;
        if (!shown.TryGetValue(change.Stack, out var before) || before.Version != change.Base)
        {
            Tell(new AgentEvent.TrafficMissed(command.CommandId));
            return;
        }
        var changed = change.Services.SelectMany(s => s.Endpoints).ToList();
        var draining = before.Draining.Except(change.GoneEndpoints).Except(changed.Select(e => e.Id)).Union(Draining(changed));
        Show(command.CommandId, change.Stack, change.Version, draining);
    }

    private void Show(string commandId, string stack, long version, ImmutableSortedSet<string> draining)
    {
        shown[stack] = (version, draining);
        Tell(new AgentEvent.TrafficApplied { CommandId = commandId, Stack = stack, Version = version, Drained = [.. draining] });
    }

    private static ImmutableSortedSet<string> Draining(IEnumerable<Endpoint> endpoints) =>
        endpoints.Where(e => e.State == EndpointState.Draining).Select(e => e.Id).ToImmutableSortedSet(StringComparer.Ordinal);

    private void Remove(AgentCommand.RemoveStack command)
    {
        shown.Remove(command.Stack);
        foreach (var replica in replicas.Values.Where(r => r.Key.Stack == command.Stack).ToList())
        {
            replicas.Remove(replica.ContainerName);
            Tell(new AgentEvent.ReplicaGone(replica.Key));
        }
        Tell(new AgentEvent.StackRemoved(command.CommandId, null));
    }

    private void Tell(AgentEvent happened) => uplink.Tell(happened, Self);
}
