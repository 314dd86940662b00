namespace Orchestrator.Load.Measuring;

/// <summary>Counts one group of requests: all of a kind, all to one target, or all.</summary>
public sealed class Meter(string name, TimeProvider clock, long start)
{
    private readonly long _start = start;
    private readonly Lock _lock = new();
    private readonly LatencyHistogram _latencies = new();
    private readonly long[] _reasons = new long[Enum.GetValues<FailureReason>().Length];
    private long _requests;
    private long _failures;
    private long _lastAnswer = start;
    private TimeSpan _longestGap;

    public void Answered(long now, TimeSpan latency)
    {
        lock (_lock)
        {
            _latencies.Add(latency);
            Close(now);
        }
    }

    public void Succeeded()
    {
        lock (_lock)
            _requests++;
    }

    public void Failed(FailureReason reason)
    {
        lock (_lock)
        {
            _requests++;
            _failures++;
            _reasons[(int)reason]++;
        }
    }

    /// <param name="now">The silence until then counts as a gap as well.</param>
    public MeterReport Report(long now)
    {
        lock (_lock)
        {
            // Looking does not end the gap: whoever looks twice would otherwise never see a long one.
            var silence = now > _lastAnswer ? clock.GetElapsedTime(_lastAnswer, now) : TimeSpan.Zero;
            var longest = silence > _longestGap ? silence : _longestGap;
            var seconds = clock.GetElapsedTime(_start, now).TotalSeconds;
            return new MeterReport(
                name,
                _requests,
                _failures,
                Math.Round(_requests / Math.Max(seconds, 0.001), 1),
                Milliseconds(_latencies.QuantileMicroseconds(0.5)),
                Milliseconds(_latencies.QuantileMicroseconds(0.95)),
                Milliseconds(_latencies.QuantileMicroseconds(0.99)),
                Milliseconds(_latencies.MaxMicroseconds),
                Math.Round(longest.TotalMilliseconds, 1),
                Enum.GetValues<FailureReason>().Where(r => _reasons[(int)r] > 0).ToDictionary(r => r.Word(), r => _reasons[(int)r]));
        }
    }

    private void Close(long now)
    {
        var gap = clock.GetElapsedTime(_lastAnswer, now);
        if (gap > _longestGap)
            _longestGap = gap;
        _lastAnswer = Math.Max(_lastAnswer, now);
    }

    private static double Milliseconds(long microseconds) => Math.Round(microseconds / 1000.0, 2);
}
