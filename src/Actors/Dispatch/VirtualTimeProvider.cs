namespace Orchestrator.Actors;

/// <summary>A clock that stands still until it is told to move; timers fire on the thread that moves it, in order of their due time.</summary>
public sealed class VirtualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<(VirtualTimer Timer, long Generation), (long DueTicks, long Sequence)> _due = new();
    private long _nowTicks;
    private long _sequence;

    /// <summary>Starts at the first instant of 2000.</summary>
    public VirtualTimeProvider()
        : this(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public VirtualTimeProvider(DateTimeOffset start) => _nowTicks = start.UtcTicks;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>When the next timer falls due; null when none is set.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            lock (_gate)
            {
                return TryPeek(out var dueTicks) ? new DateTimeOffset(dueTicks, TimeSpan.Zero) : null;
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _nowTicks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref _nowTicks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock and fires what falls due on the way, each at its own instant.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var until = GetUtcNow() + by;
        while (FireNext(until))
        {
        }
        Interlocked.Exchange(ref _nowTicks, until.UtcTicks);
    }

    /// <summary>Moves the clock to the next timer due by <paramref name="until"/> and fires it.</summary>
    /// <returns>False when there is none; the clock has not moved.</returns>
    public bool FireNext(DateTimeOffset until)
    {
        VirtualTimer timer;
        lock (_gate)
        {
            if (!TryPeek(out var dueTicks) || dueTicks > until.UtcTicks)
            {
                return false;
            }
            timer = _due.Dequeue().Timer;
            Interlocked.Exchange(ref _nowTicks, Math.Max(_nowTicks, dueTicks));
            timer.Rearm();
        }
        timer.Fire();
        return true;
    }

    // Entries of timers that were changed or disposed since are dropped when they come up.
    private bool TryPeek(out long dueTicks)
    {
        while (_due.TryPeek(out var entry, out var key))
        {
            if (entry.Generation == entry.Timer.Generation)
            {
                dueTicks = key.DueTicks;
                return true;
            }
            _due.Dequeue();
        }
        dueTicks = 0;
        return false;
    }

    private sealed class VirtualTimer(VirtualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        internal long Generation { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                _period = period;
                Arm(dueTime);
                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                Generation++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void Rearm() => Arm(_period > TimeSpan.Zero ? _period : Timeout.InfiniteTimeSpan);

        internal void Fire() => callback(state);

        private void Arm(TimeSpan dueIn)
        {
            Generation++;
            if (dueIn >= TimeSpan.Zero)
            {
                owner._due.Enqueue((this, Generation), (owner._nowTicks + dueIn.Ticks, owner._sequence++));
            }
        }
    }
}
