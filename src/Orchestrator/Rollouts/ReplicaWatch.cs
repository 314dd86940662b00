using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Rollouts;

/// <summary>Whether replicas that have passed their gate still serve: what a hold is there to find out.</summary>
internal sealed class ReplicaWatch
{
    /// <summary>From a passed gate to the fleet's knowing of it; a replica that is not there by then is gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Dictionary<(int Slot, int Attempt), (string Container, int Restarts)> seen = [];

    /// <summary>Those that have died, each with what is known of it.</summary>
    public IReadOnlyList<RolloutEvent.ReplicaFailed> Examine(RolloutState state, string stack, FleetSnapshot fleet, DateTimeOffset now)
    {
        var failed = new List<RolloutEvent.ReplicaFailed>();
        foreach (var slot in state.Slots.Where(s => Rollout.IsWatched(state, s)))
        {
            if (fleet.Hosts.GetValueOrDefault(slot.Host!) is { State: HostState.Ready } host && Examine(slot, new ReplicaKey(stack, state.Plan.Service, slot.Plan.Slot, state.Plan.ToRevision), host, now) is { } report)
            {
                failed.Add(new RolloutEvent.ReplicaFailed(slot.Plan.Slot, slot.Attempt, report) { At = now });
            }
        }
        return failed;
    }

    private FailureReport? Examine(SlotState slot, ReplicaKey key, HostSnapshot host, DateTimeOffset now)
    {
        var known = seen.TryGetValue((slot.Plan.Slot, slot.Attempt), out var before);
        if (host.Replicas.Values.FirstOrDefault(r => r.Key == key) is not { } replica)
        {
            // An agent without its engine knows of no container.
            return host.IsSchedulable && (known || now - slot.Since >= Patience) ? Died("its container is gone") : null;
        }
        if (replica.IsServing)
        {
            seen[(slot.Plan.Slot, slot.Attempt)] = known ? before : (replica.ContainerId, replica.RestartCount);
            return known && (before.Container != replica.ContainerId || replica.RestartCount > before.Restarts) ? Died("it exited and was started again") : null;
        }
        return replica switch
        {
            { State: ReplicaState.Exited or ReplicaState.Restarting or ReplicaState.Retained } => Died("it exited") with { ExitCode = replica.ExitCode, OomKilled = replica.OomKilled },
            { Health: ReplicaHealth.Unhealthy } => Died("it became unhealthy"),

            // Its host's word on the passed gate may be on its way; one that served before has been started anew.
            _ => known ? Died("it exited and was started again") : null,
        };
    }

    private static FailureReport Died(string how) => new() { Stage = ReplicaStage.Monitor, Message = $"passed its gate, but {how} while its rollout was held" };
}
