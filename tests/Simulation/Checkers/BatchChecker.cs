using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>No more replicas of a service that replace others are on their way through the gate at once than its parallelism.</summary>
internal sealed class BatchChecker(World world, Wishes wishes) : Checker(world)
{
    /// <summary>By host and key: on its way from the first command until the coordinator has its end.</summary>
    private readonly Dictionary<(string Host, ReplicaKey Key), string> _starting = [];

    /// <summary>The starts that replace nothing, as far as plans that are stored say so.</summary>
    private readonly HashSet<string> _creating = new(StringComparer.Ordinal);

    public override string Name => "a batch is no larger than its parallelism";

    public override void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        foreach (var put in changes.OfType<StoreChange.Put>().Where(p => p.Key.Split('/') is ["stacks", _, "active"]))
        {
            var record = JsonSerializer.Deserialize(put.Value, StoreJson.Default.ChangeRecord)!;
            foreach (var (plan, back) in record.Plan.Services.Select(p => (p, "")).Concat(record.Rollbacks.Values.Select(p => (p, "/back"))))
            {
                foreach (var slot in plan.Slots)
                {
                    // A stack that was removed and is deployed again counts from 1.
                    var id = string.Create(CultureInfo.InvariantCulture, $"{record.Plan.Stack}/{record.Number}/{plan.Service}{back}/{slot.Slot}/1/start");
                    if (slot.Old.IsEmpty) _creating.Add(id);
                    else _creating.Remove(id);
                }
            }
        }
    }

    /// <summary>The coordinator gives up on what is under way on a host that it has lost.</summary>
    public override void OnStep()
    {
        if (_starting.Count == 0) return;
        foreach (var at in _starting.Keys.Where(s => World.Host(s.Host).Link.AwaySince is not null).ToList()) _starting.Remove(at);
    }

    public override void OnDelivered(SimHost host, AgentCommand command)
    {
        if (command is not AgentCommand.StartReplica start || _creating.Contains(start.CommandId)) return;

        // What has lost its host starts again at once, beside the batch that is under way by then.
        if (!start.CommandId.EndsWith("/1/start", StringComparison.Ordinal)) return;

        _starting[(host.Name, start.Key)] = start.CommandId;
        var (stack, service, job) = (start.Key.Stack, start.Key.Service, JobOf(start.CommandId));

        // What is missing is brought back side by side, a rollout for each slot; what runs and is replaced is one rollout, by the service's policy.
        var together = _starting.Where(s => s.Key.Key.Stack == stack && s.Key.Key.Service == service && JobOf(s.Value) == job).ToList();
        var (count, most) = (together.Select(s => s.Key.Key.Slot).Distinct().Count(), wishes.ParallelismMax(stack, service));
        if (count > most) Report($"{count} replicas of {stack}/{service} are being started at once, {most} may: {string.Join(", ", together.Select(s => s.Value))}");
    }

    /// <summary>Of a change all its rollouts of the service; of repairs each by itself.</summary>
    private static string JobOf(string commandId) => commandId.Split('/')[1] is var job && job.StartsWith("repair-", StringComparison.Ordinal) ? job : "";

    public override void OnDelivered(SimHost host, AgentEvent happened)
    {
        switch (happened)
        {
            case AgentEvent.ReplicaPassed e:
                _starting.Remove((host.Name, e.Key));
                break;
            case AgentEvent.ReplicaFailed e:
                _starting.Remove((host.Name, e.Key));
                break;
            case AgentEvent.ReplicaStopped e:
                _starting.Remove((host.Name, e.Key));
                break;
        }
    }

    /// <summary>The coordinator may give up on what was under way there.</summary>
    public override void OnFault(SimHost? host)
    {
        foreach (var at in _starting.Keys.Where(s => host is null || s.Host == host.Name).ToList()) _starting.Remove(at);
    }
}
