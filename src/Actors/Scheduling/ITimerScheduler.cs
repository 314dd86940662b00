namespace Orchestrator.Actors;

public interface IWithTimers
{
    /// <summary>Set by the runtime after construction.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>
/// Timers of one actor, by key. Starting a key again replaces its timer; a message of a replaced, cancelled or earlier incarnation's
/// timer never arrives, even when it was already queued.
/// </summary>
public interface ITimerScheduler
{
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    bool IsTimerActive(object key);

    void Cancel(object key);

    void CancelAll();
}
