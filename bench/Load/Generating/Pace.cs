namespace Orchestrator.Load.Generating;

/// <summary>
/// When one of several workers sends its requests so that all together keep a rate. The schedule does not wait for slow answers (open
/// loop): a late request is timed from the moment it was due. What a worker cannot catch up is skipped, and counted.
/// </summary>
public sealed class Pace(TimeProvider clock, long start, int worker, int workers, int perSecond)
{
    /// <summary>Past this, catching up would be a burst that no client population makes.</summary>
    private static readonly TimeSpan MostBehind = TimeSpan.FromSeconds(1);

    private readonly double _period = (double)workers / perSecond * clock.TimestampFrequency;
    private readonly double _first = start + ((double)worker / perSecond * clock.TimestampFrequency);
    private long _next;

    public long Skipped { get; private set; }

    /// <summary>Waits for this worker's next turn.</summary>
    /// <returns>The time stamp to measure from: now, or when the request was due if its turn came late.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="stopping"/> has been cancelled.</exception>
    public async ValueTask<long> NextAsync(CancellationToken stopping)
    {
        stopping.ThrowIfCancellationRequested();
        var now = clock.GetTimestamp();
        var due = (long)(_first + (_next * _period));
        if (due > now)
        {
            _next++;
            await Task.Delay(clock.GetElapsedTime(now, due), clock, stopping);
            return clock.GetTimestamp();
        }
        if (clock.GetElapsedTime(due, now) > MostBehind)
        {
            var turns = (long)((now - due) / _period);
            Skipped += turns;
            _next += turns;
            due = (long)(_first + (_next * _period));
        }
        _next++;
        return Math.Min(due, now);
    }
}
