using System.Collections.Immutable;
using Orchestrator.Agent.Ingress.Runtime;

namespace Orchestrator.Agent.Ingress;

/// <summary>
/// What HAProxy has counted, over reloads: its counters are its processes' and end with them, so what each said last is added from then on. What a process counts
/// after it was read last is lost: less is counted, never more. Reading may go on at several places at once.
/// </summary>
internal sealed class CounterBook
{
    private readonly Lock _lock = new();

    /// <summary>By process, as it said last.</summary>
    private Dictionary<string, ImmutableSortedDictionary<string, EndpointCounters>> _running = new(StringComparer.Ordinal);

    /// <summary>By endpoint: what is counted no longer by any process.</summary>
    private readonly Dictionary<string, EndpointCounters> _ended = new(StringComparer.Ordinal);

    private long _begun;
    private long _taken;

    /// <returns>The reading's number: of two that overlap the one begun later counts.</returns>
    public long Begin()
    {
        lock (_lock) return ++_begun;
    }

    /// <param name="known">Other endpoints are forgotten; null: none is.</param>
    /// <returns>By endpoint.</returns>
    public ImmutableSortedDictionary<string, EndpointCounters> Take(long reading, IEnumerable<(string Process, WorkerStats Stats)> workers, ImmutableHashSet<string>? known)
    {
        lock (_lock)
        {
            if (reading > _taken)
            {
                _taken = reading;
                var now = workers.ToDictionary(worker => worker.Process, worker => IngressActor.Totals([worker.Stats]), StringComparer.Ordinal);
                foreach (var (process, before) in _running) End(before, now.GetValueOrDefault(process));
                _running = now;
                foreach (var gone in _ended.Keys.Where(endpoint => known?.Contains(endpoint) == false).ToArray()) _ended.Remove(gone);
            }

            return _running.Values
                .SelectMany(process => process)
                .Concat(_ended)
                .GroupBy(pair => pair.Key, StringComparer.Ordinal)
                .ToImmutableSortedDictionary(pairs => pairs.Key, pairs => pairs.Aggregate(EndpointCounters.None, (sum, pair) => sum + pair.Value), StringComparer.Ordinal);
        }
    }

    /// <summary>Servers that were removed, and those that count from nothing again under the same number of a process, have ended too.</summary>
    private void End(ImmutableSortedDictionary<string, EndpointCounters> before, ImmutableSortedDictionary<string, EndpointCounters>? now)
    {
        foreach (var (endpoint, counters) in before)
        {
            if (now?.GetValueOrDefault(endpoint) is { } still && still.SessionsTotal >= counters.SessionsTotal) continue;
            _ended[endpoint] = _ended.GetValueOrDefault(endpoint, EndpointCounters.None) + (counters with { Sessions = 0, ResponseMs = 0 });
        }
    }
}
