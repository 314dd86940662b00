using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Rollouts;

/// <summary>Whether replicas that have passed their gate still serve: what a hold is there to find out, and what a next batch relies on.</summary>
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
            if (fleet.Hosts.GetValueOrDefault(slot.Host!) is { State: HostState.Ready } host && Examine(slot, KeyOf(state, slot, stack), host, now) is { } how)
            {
                failed.Add(Failed(slot, how, "while its rollout was held", now));
            }
        }
        return failed;
    }

    /// <summary>Before more of the old is taken away: the first of what is new so far that has died; null when none has.</summary>
    /// <param name="isKnown">False while the fleet's word on one of them is on its way. A host that is away is not waited for; one that has not been heard of since the coordinator began is away or back soon.</param>
    public RolloutEvent.ReplicaFailed? BeforeBatch(RolloutState state, string stack, FleetSnapshot fleet, DateTimeOffset now, out bool isKnown)
    {
        isKnown = true;
        foreach (var slot in state.Slots.Where(s => Rollout.IsInPlace(state, s)))
        {
            if (fleet.Hosts.GetValueOrDefault(slot.Host!) is not { State: HostState.Ready } host)
            {
                isKnown &= fleet.Hosts.GetValueOrDefault(slot.Host!) is not { State: HostState.Unknown };
                continue;
            }
            var key = KeyOf(state, slot, stack);
            if (Examine(slot, key, host, now) is { } how)
            {
                return Failed(slot, how, "before the next batch began", now);
            }
            if (host.IsSchedulable && !host.Replicas.Values.Any(r => r.Key == key && r.IsServing))
            {
                if (now - slot.Since >= Patience)
                {
                    return Failed(slot, new Death("it does not serve any more"), "before the next batch began", now);
                }
                isKnown = false;
            }
        }
        return null;
    }

    private static ReplicaKey KeyOf(RolloutState state, SlotState slot, string stack) => new(stack, state.Plan.Service, slot.Plan.Slot, state.Plan.ToRevision);

    private Death? Examine(SlotState slot, ReplicaKey key, HostSnapshot host, DateTimeOffset now)
    {
        var known = seen.TryGetValue((slot.Plan.Slot, slot.Attempt), out var before);
        if (host.Replicas.Values.FirstOrDefault(r => r.Key == key) is not { } replica)
        {
            // An agent without its engine knows of no container.
            return host.IsSchedulable && (known || now - slot.Since >= Patience) ? new Death("its container is gone") : null;
        }
        if (replica.IsServing)
        {
            seen[(slot.Plan.Slot, slot.Attempt)] = known ? before : (replica.ContainerId, replica.RestartCount);
            return known && (before.Container != replica.ContainerId || replica.RestartCount > before.Restarts) ? new Death("it exited and was started again") : null;
        }
        return replica switch
        {
            { State: ReplicaState.Exited or ReplicaState.Restarting or ReplicaState.Retained } => new Death("it exited", replica.ExitCode, replica.OomKilled),
            { Health: ReplicaHealth.Unhealthy } => new Death("it became unhealthy"),

            // Its host's word on the passed gate may be on its way; one that served before has been started anew.
            _ => known ? new Death("it exited and was started again") : null,
        };
    }

    private static RolloutEvent.ReplicaFailed Failed(SlotState slot, Death death, string when, DateTimeOffset now) => new(
        slot.Plan.Slot,
        slot.Attempt,
        new FailureReport { Stage = ReplicaStage.Monitor, Message = $"passed its gate, but {death.How} {when}", ExitCode = death.ExitCode, OomKilled = death.OomKilled }) { At = now };

    private sealed record Death(string How, int? ExitCode = null, bool OomKilled = false);
}
