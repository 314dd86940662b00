using System.Collections.Concurrent;
using Orchestrator.Load.Generating;
using Orchestrator.Load.Http;

namespace Orchestrator.Load.Measuring;

/// <summary>Where all workers write down what happened to their requests.</summary>
public sealed class Scoreboard
{
    /// <summary>Failures kept one by one; past it they are only counted. A dead ingress makes thousands a second.</summary>
    private const int FailuresKept = 10_000;

    private const int FailuresShown = 20;

    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly DateTimeOffset _startedAt;
    private readonly TimeSpan _cpuAtStart = Environment.CpuUsage.TotalTime;
    private readonly Meter _total;
    private readonly Meter[] _kinds;
    private readonly Dictionary<Target, Meter> _targets;
    private readonly ConcurrentDictionary<string, long> _versions = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Failure> _failures = new();
    private int _failuresKept;
    private long _moved;
    private long _reconnects;
    private long _skipped;

    public Scoreboard(IReadOnlyList<Target> targets, TimeProvider clock)
    {
        (_clock, _start, _startedAt) = (clock, clock.GetTimestamp(), clock.GetUtcNow());
        _total = new Meter("total", clock, _start);
        _kinds = [.. Enum.GetValues<RequestKind>().Select(kind => new Meter(kind.Word(), clock, _start))];
        _targets = targets.Distinct().ToDictionary(t => t, t => new Meter(t.Url, clock, _start));
    }

    public long Start => _start;

    public IReadOnlyCollection<Failure> Failures => _failures;

    /// <param name="since">The time stamp when the answer was due to be asked for.</param>
    public void Answered(RequestKind kind, Target target, long since)
    {
        var now = _clock.GetTimestamp();
        var latency = _clock.GetElapsedTime(since, now);
        _kinds[(int)kind].Answered(now, latency);
        if (kind is RequestKind.Stream or RequestKind.WebSocket)
            return;
        _targets[target].Answered(now, latency);
        _total.Answered(now, latency);
    }

    public void Succeeded(RequestKind kind, Target target, string version)
    {
        _kinds[(int)kind].Succeeded();
        _targets[target].Succeeded();
        _total.Succeeded();
        if (version.Length > 0)
            _versions.AddOrUpdate(version, 1, static (_, count) => count + 1);
    }

    public void Failed(RequestKind kind, Target target, Outcome outcome, string replica)
    {
        var reason = outcome.Reason ?? throw new ArgumentException("a success is no failure", nameof(outcome));
        _kinds[(int)kind].Failed(reason);
        _targets[target].Failed(reason);
        _total.Failed(reason);
        if (Interlocked.Increment(ref _failuresKept) <= FailuresKept)
        {
            var seconds = Math.Round(_clock.GetElapsedTime(_start).TotalSeconds, 3);
            _failures.Enqueue(new Failure(_clock.GetUtcNow(), seconds, kind.Word(), target.Url, reason.Word(), outcome.Detail ?? "", replica));
        }
    }

    public void Moved() => Interlocked.Increment(ref _moved);

    public void Reconnected() => Interlocked.Increment(ref _reconnects);

    public void Skipped(long turns) => Interlocked.Add(ref _skipped, turns);

    /// <param name="end">When the load was told to stop, so that the drain after it is not taken for a gap.</param>
    public LoadReport Report(long end) => new(
        _startedAt,
        Math.Round(_clock.GetElapsedTime(_start, end).TotalSeconds, 2),
        _total.Report(end),
        [.. _kinds.Select(m => m.Report(end))],
        [.. _targets.Values.Select(m => m.Report(end))],
        Interlocked.Read(ref _moved),
        Interlocked.Read(ref _reconnects),
        Interlocked.Read(ref _skipped),
        Math.Round((Environment.CpuUsage.TotalTime - _cpuAtStart).TotalSeconds, 2),
        new SortedDictionary<string, long>(_versions, StringComparer.Ordinal),
        [.. _failures.Take(FailuresShown)]);
}
