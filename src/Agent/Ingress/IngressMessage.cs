using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Ingress;

/// <summary>To and from <c>/user/agent/ingress</c>, beside what every sink is sent.</summary>
internal abstract record IngressMessage
{
    /// <summary>Answered with <see cref="Counters"/>.</summary>
    public sealed record GetCounters(long Token) : IngressMessage;

    /// <param name="Endpoints">By endpoint, over all its ports and every process, those that a reload has ended among them; empty before an ingress has run.</param>
    /// <param name="Error">Why there is nothing to read; null when it was read.</param>
    public sealed record Counters(long Token, ImmutableSortedDictionary<string, EndpointCounters> Endpoints, string? Error) : IngressMessage;
}

/// <param name="Requests">HTTP answers; where HTTP is not spoken, connections made.</param>
/// <param name="ServerErrors">Answers of 500 and above.</param>
/// <param name="ConnectionErrors">Connections that failed, and answers that broke off.</param>
/// <param name="Sessions">Open now, those that wait for the replica included.</param>
/// <param name="SessionsTotal">All so far: connections for TCP, requests for HTTP.</param>
/// <param name="ResponseMs">Average response time over the last 1024 requests; the largest where several processes serve.</param>
internal sealed record EndpointCounters(long Requests, long ServerErrors, long ConnectionErrors, long Sessions, long SessionsTotal, long ResponseMs)
{
    public static EndpointCounters None { get; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>HTTP answers by <see cref="LatencyBuckets"/>; empty where response times are not watched.</summary>
    public ImmutableArray<long> Latencies { get; init; } = [];

    public static EndpointCounters operator +(EndpointCounters a, EndpointCounters b) => new(
        a.Requests + b.Requests,
        a.ServerErrors + b.ServerErrors,
        a.ConnectionErrors + b.ConnectionErrors,
        a.Sessions + b.Sessions,
        a.SessionsTotal + b.SessionsTotal,
        Math.Max(a.ResponseMs, b.ResponseMs))
    {
        Latencies = a.Latencies.IsEmpty ? b.Latencies : b.Latencies.IsEmpty ? a.Latencies : [.. a.Latencies.Zip(b.Latencies, (one, other) => one + other)],
    };

    /// <summary>For the coordinator.</summary>
    public EndpointTally Tally(string id) => new(id, Requests + ConnectionErrors, ServerErrors + ConnectionErrors, Latencies);
}
