namespace Orchestrator.Actors;

internal sealed record TimerMessage(ActorTimers Owner, object Key, long Generation, bool Repeats) : IDeadLetterSuppression;

internal sealed class ActorTimers(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Entry> _timers = [];
    private long _generation;

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) => Start(key, msg, interval, interval);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) =>
        Start(key, msg, initialDelay, interval);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var entry))
        {
            entry.Cancellation.Cancel();
        }
    }

    public void CancelAll()
    {
        foreach (var entry in _timers.Values)
        {
            entry.Cancellation.Cancel();
        }
        _timers.Clear();
    }

    /// <summary>The message to handle instead of the timer's own; null when the timer has been replaced or cancelled since.</summary>
    internal object? Intercept(TimerMessage fired)
    {
        if (!ReferenceEquals(fired.Owner, this) || !_timers.TryGetValue(fired.Key, out var entry) || entry.Generation != fired.Generation)
        {
            return null;
        }
        if (!fired.Repeats)
        {
            _timers.Remove(fired.Key);
        }
        return entry.Message;
    }

    private void Start(object key, object message, TimeSpan delay, TimeSpan? interval)
    {
        Cancel(key);
        var entry = new Entry(message, ++_generation, new Cancelable(cell.System.Scheduler));
        _timers[key] = entry;
        var fired = new TimerMessage(this, key, entry.Generation, interval is not null);
        if (interval is { } every)
        {
            cell.System.Scheduler.ScheduleTellRepeatedly(delay, every, cell.Self, fired, ActorRefs.NoSender, entry.Cancellation);
        }
        else
        {
            cell.System.Scheduler.ScheduleTellOnce(delay, cell.Self, fired, ActorRefs.NoSender, entry.Cancellation);
        }
    }

    private sealed record Entry(object Message, long Generation, Cancelable Cancellation);
}
