using System.Collections.Immutable;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Ingress;

/// <summary>How the ingress stands after one look at it.</summary>
/// <param name="IsShown">What was wanted is what runs, as read from the processes themselves, but for <see cref="Refused"/>.</param>
/// <param name="Next">When to look again; null: at the next audit.</param>
internal sealed record IngressOutcome(bool IsShown, TimeSpan? Next)
{
    public ImmutableArray<TrafficProblem> Problems { get; init; } = [];

    /// <summary>By stack: listeners that are left out because their address is another's. Everything else is shown.</summary>
    public ImmutableSortedDictionary<string, TrafficProblem> Refused { get; init; } = ImmutableSortedDictionary<string, TrafficProblem>.Empty;

    /// <summary>Endpoints with nothing open, or out of time.</summary>
    public ImmutableHashSet<string> Drained { get; init; } = [];

    /// <summary>What was done, for the log.</summary>
    public ImmutableArray<string> Deeds { get; init; } = [];
}
