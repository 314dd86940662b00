namespace Orchestrator.Actors;

/// <summary>A child as its parent sees it: the reference, whether it has been told to stop, and how often it was restarted.</summary>
internal sealed class ChildEntry(LocalActorRef actor)
{
    private int _restartCount;
    private long _windowStart;

    internal LocalActorRef Ref { get; } = actor;

    internal bool Stopping { get; set; }

    /// <summary>Counts a restart and says whether it is within the limit.</summary>
    internal bool RequestRestart(int maxRestarts, int windowMs, TimeProvider time)
    {
        if (maxRestarts == 0)
        {
            return false;
        }
        if (windowMs <= 0)
        {
            return maxRestarts < 0 || ++_restartCount <= maxRestarts;
        }
        // A window without a number permits one restart within it.
        var limit = maxRestarts > 0 ? maxRestarts : 1;
        var now = time.GetTimestamp();
        if (_restartCount > 0 && time.GetElapsedTime(_windowStart, now).TotalMilliseconds <= windowMs)
        {
            return ++_restartCount <= limit;
        }
        _restartCount = 1;
        _windowStart = now;
        return true;
    }
}
