using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Changes;

/// <summary>An agent and its engine in a few lines: a replica passes at once, unless the test says otherwise of its revision or its slot.</summary>
internal sealed class FakeHost(string name)
{
    private readonly Dictionary<string, ReplicaSnapshot> replicas = new(StringComparer.Ordinal);
    private readonly List<AgentCommand> unanswered = [];
    private int containers;

    public string Name { get; } = name;

    public IActorRef? Uplink { get; set; }

    /// <summary>Null: it passes. Otherwise what the agent reports of it.</summary>
    public Func<ReplicaKey, ReplicaSpec, FailureReport?> Judge { get; set; } = (_, _) => null;

    /// <summary>Never gets through its gate.</summary>
    public Func<ReplicaKey, bool> Hangs { get; set; } = _ => false;

    /// <summary>What it says against a plan.</summary>
    public Func<AgentCommand.Preflight, string?> Objects { get; set; } = _ => null;

    /// <summary>It does not answer these before <see cref="Speak"/>.</summary>
    public Func<AgentCommand, bool> IsMute { get; set; } = _ => false;

    /// <summary>0: it does not say.</summary>
    public long MemoryBytes { get; set; }

    /// <summary>Null: its engine answers. Told with the next <see cref="Inventory"/>.</summary>
    public string? EngineError { get; set; }

    /// <summary>Its replicas can be reached, and so are endpoints.</summary>
    public bool HasAddresses { get; set; }

    public ImmutableSortedDictionary<string, string> Labels { get; set; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Null: it removes what it is told to.</summary>
    public string? RemovalError { get; set; }

    public List<AgentCommand> Commands { get; } = [];

    public IEnumerable<ReplicaSnapshot> Replicas => replicas.Values;

    public IEnumerable<AgentEvent> Answer(AgentCommand command)
    {
        Commands.Add(command);
        if (IsMute(command))
        {
            unanswered.Add(command);
            return [];
        }
        switch (command)
        {
            case AgentCommand.ReportInventory:
                return [Inventory()];
            case AgentCommand.ResolveImage resolve:
                return [new AgentEvent.ImageResolved { CommandId = resolve.CommandId, Pinned = $"{resolve.Reference}@sha256:{new string('a', 64)}" }];
            case AgentCommand.Preflight preflight:
                return [new AgentEvent.Preflighted { CommandId = preflight.CommandId, Problems = Objects(preflight) is { } words ? [new PreflightProblem("service web", words, IsWarning: false)] : [] }];
            case AgentCommand.PrepareReplica prepare:
                return [new AgentEvent.ReplicaPrepared(prepare.CommandId, prepare.Key)];
            case AgentCommand.StartReplica start:
                return Start(start);
            case AgentCommand.StopReplica stop:
                return Stop(stop);
            case AgentCommand.RemoveStack remove:
                if (RemovalError is null)
                {
                    replicas.Clear();
                }
                return [new AgentEvent.StackRemoved(remove.CommandId, RemovalError), Inventory()];
            case AgentCommand.ApplyTraffic apply:
                return
                [
                    new AgentEvent.TrafficApplied
                    {
                        CommandId = apply.CommandId,
                        Stack = apply.Table.Stack,
                        Version = apply.Table.Version,
                        Drained = [.. apply.Table.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Draining).Select(e => e.Id)],
                    },
                ];
            default:
                return [];
        }
    }

    /// <summary>What it has not answered so far, it answers now.</summary>
    public void Speak()
    {
        IsMute = _ => false;
        foreach (var answer in unanswered.SelectMany(Answer).ToList())
        {
            Uplink!.Tell(answer);
        }
        unanswered.Clear();
    }

    public AgentEvent Inventory() => new AgentEvent.InventoryReported(new HostFacts { Name = Name, Labels = Labels, MemoryBytes = MemoryBytes, EngineError = EngineError, TakesPreflight = true }, [.. replicas.Values]);

    /// <summary>The replica that hangs in its gate comes through it; nothing where there is none.</summary>
    public void Pass(string service, int slot)
    {
        if (replicas.Values.FirstOrDefault(r => r.Key.Service == service && r.Key.Slot == slot && r.State == ReplicaState.Starting) is not { } starting)
        {
            return;
        }
        replicas[starting.Key.ContainerName] = starting with { State = ReplicaState.Running };
        Uplink!.Tell(new AgentEvent.ReplicaChanged(replicas[starting.Key.ContainerName]));
        foreach (var command in Commands.OfType<AgentCommand.StartReplica>().Where(c => c.Key == starting.Key))
        {
            Uplink!.Tell(new AgentEvent.ReplicaPassed(command.CommandId, starting.Key));
        }
    }

    /// <summary>What somebody does to a container by hand, or the engine by itself.</summary>
    public void Change(string service, int slot, Func<ReplicaSnapshot, ReplicaSnapshot?> change)
    {
        var before = replicas.Values.Single(r => r.Key.Service == service && r.Key.Slot == slot && r.State != ReplicaState.Retained);
        if (change(before) is { } after)
        {
            replicas[before.Key.ContainerName] = after;
            Uplink!.Tell(new AgentEvent.ReplicaChanged(after));
        }
        else
        {
            replicas.Remove(before.Key.ContainerName);
            Uplink!.Tell(new AgentEvent.ReplicaGone(before.Key));
        }
    }

    /// <summary>They end by themselves.</summary>
    public void Stop(Func<ReplicaSnapshot, bool> which)
    {
        foreach (var ended in replicas.Values.Where(which).Select(r => r with { State = ReplicaState.Exited, ExitCode = 1 }).ToList())
        {
            replicas[ended.ContainerName] = ended;
            Uplink!.Tell(new AgentEvent.ReplicaChanged(ended));
        }
    }

    private IEnumerable<AgentEvent> Start(AgentCommand.StartReplica start)
    {
        var failure = Judge(start.Key, start.Spec);
        var hangs = Hangs(start.Key);
        var replica = new ReplicaSnapshot
        {
            Key = start.Key,
            ContainerId = $"{Name}-{++containers}",
            ContainerName = start.Key.ContainerName,
            ConfigHash = start.Spec.ConfigHash,
            Image = start.Spec.Container.Image,
            Addresses = HasAddresses ? ImmutableSortedDictionary<string, string>.Empty.Add("shop", $"10.9.0.{containers}") : ImmutableSortedDictionary<string, string>.Empty,
            ReservedMemoryBytes = start.Spec.Container.Resources.MemoryReservationBytes ?? 0,
            State = failure is not null ? ReplicaState.Exited : hangs ? ReplicaState.Starting : ReplicaState.Running,
            ExitCode = failure?.ExitCode,
        };
        if (failure is not { Stage: ReplicaStage.Pull })
        {
            replicas[start.Key.ContainerName] = replica;
            yield return new AgentEvent.ReplicaChanged(replica);
        }
        if (failure is not null)
        {
            yield return new AgentEvent.ReplicaFailed(start.CommandId, start.Key, failure);
        }
        else if (!hangs)
        {
            yield return new AgentEvent.ReplicaPassed(start.CommandId, start.Key);
        }
    }

    private IEnumerable<AgentEvent> Stop(AgentCommand.StopReplica stop)
    {
        if (replicas.GetValueOrDefault(stop.Key.ContainerName) is { } known)
        {
            if (stop.Retain)
            {
                replicas[stop.Key.ContainerName] = known with { State = ReplicaState.Retained };
                yield return new AgentEvent.ReplicaChanged(replicas[stop.Key.ContainerName]);
            }
            else
            {
                replicas.Remove(stop.Key.ContainerName);
                yield return new AgentEvent.ReplicaGone(stop.Key);
            }
        }
        yield return new AgentEvent.ReplicaStopped(stop.CommandId, stop.Key);
    }
}
