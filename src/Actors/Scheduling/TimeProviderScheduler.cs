namespace Orchestrator.Actors;

/// <summary>Serves the schedulers from the system's clock. After the system has ended nothing fires any more.</summary>
internal sealed class TimeProviderScheduler(TimeProvider time) : IScheduler, IAdvancedScheduler
{
    private readonly long _started = time.GetTimestamp();
    private volatile bool _stopped;

    public DateTimeOffset Now => time.GetUtcNow();

    public TimeSpan MonotonicClock => time.GetElapsedTime(_started);

    public TimeSpan HighResMonotonicClock => MonotonicClock;

    public IAdvancedScheduler Advanced => this;

    internal void Stop() => _stopped = true;

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnce(delay, receiver, message, sender, null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        ScheduleOnce(delay, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, null);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        ScheduleRepeatedly(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleOnce(TimeSpan delay, Action action) => ScheduleOnce(delay, action, null);

    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        Start(delay, Timeout.InfiniteTimeSpan, action, cancelable);
    }

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) =>
        ScheduleRepeatedly(initialDelay, interval, action, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(initialDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Start(initialDelay, interval, action, cancelable);
    }

    private void Start(TimeSpan delay, TimeSpan interval, Action action, ICancelable? cancelable)
    {
        if (_stopped || cancelable is { IsCancellationRequested: true })
        {
            return;
        }
        new Work(this, action, cancelable, repeats: interval > TimeSpan.Zero).Start(delay, interval);
    }

    private sealed class Work(TimeProviderScheduler owner, Action action, ICancelable? cancelable, bool repeats)
    {
        private readonly Lock _gate = new();
        private ITimer? _timer;
        private CancellationTokenRegistration _cancellation;
        private bool _done;

        internal void Start(TimeSpan delay, TimeSpan interval)
        {
            lock (_gate)
            {
                _timer = owner.CreateTimer(static state => ((Work)state!).Fire(), this, delay, interval);
            }
            if (cancelable is not null)
            {
                _cancellation = cancelable.Token.UnsafeRegister(static state => ((Work)state!).End(), this);
            }
        }

        private void Fire()
        {
            lock (_gate)
            {
                if (_done)
                {
                    return;
                }
            }
            if (owner._stopped || cancelable is { IsCancellationRequested: true })
            {
                End();
                return;
            }
            if (!repeats)
            {
                End();
            }
            action();
        }

        private void End()
        {
            lock (_gate)
            {
                _done = true;
                _timer?.Dispose();
            }
            _cancellation.Unregister();
        }
    }

    private ITimer CreateTimer(TimerCallback callback, object state, TimeSpan delay, TimeSpan interval)
    {
        // A timer must not carry the ambient values of whoever set it.
        if (ExecutionContext.IsFlowSuppressed())
        {
            return time.CreateTimer(callback, state, delay, interval);
        }
        using (ExecutionContext.SuppressFlow())
        {
            return time.CreateTimer(callback, state, delay, interval);
        }
    }
}
