namespace Orchestrator.Simulation;

/// <summary>A machine's or a program's clock over the world's. A step of it moves no timer, as with a monotonic timer; once stopped, none of its timers fires any more.</summary>
internal sealed class SimClock(TimeProvider inner) : TimeProvider
{
    private bool _isStopped;

    /// <summary>What this clock is ahead of the world's.</summary>
    public TimeSpan Offset { get; set; }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Offset;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => inner.CreateTimer(
        s =>
        {
            if (!_isStopped) callback(s);
        },
        state,
        dueTime,
        period);

    public void Stop() => _isStopped = true;
}
