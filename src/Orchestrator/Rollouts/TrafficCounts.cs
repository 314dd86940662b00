using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Rollouts;

/// <summary>What came to some replicas within a window, over all hosts.</summary>
/// <param name="Latencies">By <see cref="LatencyBuckets"/>; empty when no response times were watched.</param>
internal sealed record TrafficCounts(long Requests, long Errors, ImmutableArray<long> Latencies)
{
    public static TrafficCounts None { get; } = new(0, 0, []);

    public double ErrorRate => Requests == 0 ? 0 : (double)Errors / Requests;

    public TimeSpan? P95 => LatencyBuckets.Percentile(Latencies, 0.95);

    /// <summary>What one host has counted between two answers. A counter that fell has begun anew in between: nothing is known of it.</summary>
    public static TrafficCounts Between(ImmutableArray<EndpointTally> before, ImmutableArray<EndpointTally> after, ImmutableHashSet<string> endpoints)
    {
        var known = before.DistinctBy(t => t.Id, StringComparer.Ordinal).ToDictionary(t => t.Id, StringComparer.Ordinal);
        return after.Where(t => endpoints.Contains(t.Id)).Aggregate(None, (sum, t) => sum + Rise(known.GetValueOrDefault(t.Id), t));
    }

    public static TrafficCounts operator +(TrafficCounts a, TrafficCounts b) => new(a.Requests + b.Requests, a.Errors + b.Errors, Sum(a.Latencies, b.Latencies));

    private static TrafficCounts Rise(EndpointTally? before, EndpointTally after)
    {
        var requests = Math.Max(0, after.Requests - (before?.Requests ?? 0));
        return new TrafficCounts(
            requests,
            Math.Clamp(after.Errors - (before?.Errors ?? 0), 0, requests),
            [.. after.Latencies.Select((count, bucket) => Math.Max(0, count - (before is not null && bucket < before.Latencies.Length ? before.Latencies[bucket] : 0)))]);
    }

    private static ImmutableArray<long> Sum(ImmutableArray<long> a, ImmutableArray<long> b) =>
        a.Length < b.Length ? Sum(b, a) : [.. a.Select((count, bucket) => count + (bucket < b.Length ? b[bucket] : 0))];
}
