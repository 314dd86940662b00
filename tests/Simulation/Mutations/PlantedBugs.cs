using System.Collections.Immutable;
using Orchestrator.Agent.Traffic;
using Orchestrator.Api;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>Faults that a programmer could have made, each at one seam.</summary>
internal static class PlantedBugs
{
    public static readonly ImmutableSortedDictionary<string, Func<Mutation>> All = ImmutableSortedDictionary.CreateRange(
        StringComparer.Ordinal,
        new KeyValuePair<string, Func<Mutation>>[]
        {
            new("a barrier takes drained for granted", () => new DrainsAtOnce()),
            new("a barrier ignores one host", () => new IgnoresOneHost()),
            new("an ingress acknowledges before it shows", () => new ShowsLate()),
            new("an ingress sends requests to what drains", () => new ServesDraining()),
            new("a replica passes without its gate", () => new PassesWithoutGate()),
            new("a stop hits another revision", () => new StopsWrongRevision()),
            new("a start makes two containers", () => new StartsTwice()),
            new("a stop says done and does nothing", () => new StopsNothing()),
            new("a store loses events of journals", () => new LosesJournal()),
            new("a batch is larger than asked for", () => new LargerBatch()),
            new("a way of change is another than asked for", () => new StopsFirst()),
            new("an end is never told", () => new LosesPassed()),
        });

    private sealed class DrainsAtOnce : Mutation
    {
        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened)
        {
            if (happened is not AgentEvent.TrafficApplied applied) return [happened];
            return [applied with { Version = long.MaxValue / 2, Drained = [.. host.Ingress.Endpoints.Select(e => e.Id)] }];
        }
    }

    private sealed class IgnoresOneHost : Mutation
    {
        public override HostTraffic Shown(SimHost host, HostTraffic traffic) => host.Name == "h1" ? Frozen(traffic) : traffic;

        /// <summary>Shows what drains as if it served, and acknowledges it all the same.</summary>
        public static HostTraffic Frozen(HostTraffic traffic) => new(traffic.Stacks.ToImmutableSortedDictionary(
            s => s.Key,
            s => s.Value with { Table = s.Value.Table with { Services = [.. s.Value.Table.Services.Select(service => service with { Endpoints = [.. service.Endpoints.Select(e => e with { State = EndpointState.Serving })] })] } },
            StringComparer.Ordinal));

        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened) => host.Name == "h1" && happened is AgentEvent.TrafficApplied applied
            ? [applied with { Drained = [.. host.Ingress.Endpoints.Select(e => e.Id)] }]
            : [happened];
    }

    private sealed class ShowsLate : Mutation
    {
        public override bool AcknowledgesEarly => true;
    }

    private sealed class ServesDraining : Mutation
    {
        public override HostTraffic Shown(SimHost host, HostTraffic traffic) => IgnoresOneHost.Frozen(traffic);

        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened) => happened is AgentEvent.TrafficApplied applied ? [applied with { Drained = [.. host.Ingress.Endpoints.Select(e => e.Id)] }] : [happened];
    }

    /// <summary>Says of every start, as soon as it is under way, that its replica serves and has passed.</summary>
    private sealed class PassesWithoutGate : Mutation
    {
        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened) => happened switch
        {
            AgentEvent.ReplicaChanged { Replica.State: ReplicaState.Starting or ReplicaState.Created } changed => [new AgentEvent.ReplicaChanged(Serving(changed.Replica))],
            AgentEvent.ReplicaProgressed { Phase: ReplicaPhase.Starting } progressed => [happened, new AgentEvent.ReplicaPassed(progressed.CommandId, progressed.Key)],
            _ => [happened],
        };

        private static ReplicaSnapshot Serving(ReplicaSnapshot replica) => replica with
        {
            State = ReplicaState.Running,
            Health = ReplicaHealth.Healthy,
            Addresses = replica.Addresses.IsEmpty ? ImmutableSortedDictionary<string, string>.Empty.Add("any", "10.0.0.9") : replica.Addresses,
        };
    }

    private sealed class StopsWrongRevision : Mutation
    {
        private readonly Dictionary<(string Service, int Slot), ReplicaKey> _newest = [];

        public override IEnumerable<AgentCommand> Down(SimHost host, AgentCommand command)
        {
            if (command is AgentCommand.StartReplica start) _newest[(start.Key.Service, start.Key.Slot)] = start.Key;
            return command is AgentCommand.StopReplica stop && _newest.TryGetValue((stop.Key.Service, stop.Key.Slot), out var other) ? [stop with { Key = other }] : [command];
        }
    }

    private sealed class StartsTwice : Mutation
    {
        public override IEnumerable<AgentCommand> Down(SimHost host, AgentCommand command) => command is AgentCommand.StartReplica start
            ? [start, start with { CommandId = start.CommandId + "/again", Key = start.Key with { Slot = start.Key.Slot + 100 } }]
            : [command];

        /// <summary>Nobody hears of the second one.</summary>
        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened) => happened switch
        {
            AgentEvent.ReplicaChanged { Replica.Key.Slot: > 100 } => [],
            AgentEvent.ReplicaProgressed { Key.Slot: > 100 } => [],
            AgentEvent.InventoryReported inventory => [inventory with { Replicas = inventory.Replicas.RemoveAll(r => r.Key.Slot > 100) }],
            _ => [happened],
        };
    }

    private sealed class StopsNothing : Mutation
    {
        private readonly Queue<AgentEvent> _answers = new();

        public override IEnumerable<AgentCommand> Down(SimHost host, AgentCommand command)
        {
            if (command is not AgentCommand.StopReplica stop) return [command];
            _answers.Enqueue(new AgentEvent.ReplicaStopped(stop.CommandId, stop.Key));
            return [new AgentCommand.ReportInventory { CommandId = "nothing" }];
        }

        /// <summary>What was to be stopped is not told of either.</summary>
        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened)
        {
            while (_answers.TryDequeue(out var answer)) yield return answer;
            yield return happened;
        }
    }

    private sealed class LosesJournal : Mutation
    {
        public override IStore Store(World world, IStore store) => new Losing(store);

        private sealed class Losing(IStore store) : IStore
        {
            public Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation) => store.GetAsync(key, cancellation);

            public Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation) => store.ListAsync(prefix, cancellation);

            public Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation) =>
                store.CommitAsync([.. changes.Where(c => !(c is StoreChange.Put && c.Key.Contains("/journal/", StringComparison.Ordinal)))], cancellation);

            public ValueTask DisposeAsync() => store.DisposeAsync();
        }
    }

    /// <summary>From a stack's second deploy on: what a first one makes is no batch.</summary>
    private sealed class LargerBatch : Mutation
    {
        private readonly HashSet<string> _deployed = new(StringComparer.Ordinal);

        public override ChangeRequest Asked(ChangeRequest request) => _deployed.Add(request.Stack) ? request : With(request, update => update with { Parallelism = 0 });
    }

    private sealed class StopsFirst : Mutation
    {
        public override ChangeRequest Asked(ChangeRequest request) => With(request, update => update with { Order = UpdateOrder.StopFirst });
    }

    private sealed class LosesPassed : Mutation
    {
        public override IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened) => happened is AgentEvent.StackRemoved or AgentEvent.ReplicaStopped ? [] : [happened];
    }

    private static ChangeRequest With(ChangeRequest request, Func<UpdateSpec, UpdateSpec> change) => request is ChangeRequest.Deploy deploy
        ? deploy with { Spec = deploy.Spec with { Services = [.. deploy.Spec.Services.Select(s => s with { Deploy = s.Deploy with { Update = change(s.Deploy.Update) } })] } }
        : request;
}
