namespace Orchestrator.Actors;

internal sealed partial class ActorCell
{
    private ITimer? _receiveTimer;
    private TimeSpan? _receiveTimeout;
    private bool _influenced;
    private long _silences;

    public TimeSpan? ReceiveTimeout => _receiveTimeout;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        if (timeout is { } given)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(given, TimeSpan.Zero, nameof(timeout));
        }
        _receiveTimeout = timeout;
        if (timeout is null)
        {
            PauseReceiveTimeout();
        }
        else
        {
            RestartReceiveTimeout();
        }
    }

    private void BeforeMessage(object message)
    {
        _influenced = _receiveTimeout is not null && message is not INotInfluenceReceiveTimeout;
        if (_influenced)
        {
            Volatile.Write(ref _silences, _silences + 1);
            PauseReceiveTimeout();
        }
    }

    private void AfterMessage()
    {
        if (_influenced)
        {
            _influenced = false;
            RestartReceiveTimeout();
        }
    }

    // A timeout that was queued behind a message, or behind its own end, is no silence any more.
    private bool IsCurrent(SilenceMessage silence) => _receiveTimeout is not null && silence.Number == _silences;

    private void TellSilence() => _self.Tell(new SilenceMessage(Volatile.Read(ref _silences)), ActorRefs.NoSender);

    private void PauseReceiveTimeout() => _receiveTimer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private void RestartReceiveTimeout()
    {
        if (_receiveTimeout is not { } timeout || _awaitedTasks > 0 || _terminating)
        {
            return;
        }
        if (_receiveTimer is null)
        {
            using var _ = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
            _receiveTimer = System.Time.CreateTimer(
                static state => ((ActorCell)state!).TellSilence(), this, timeout, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _receiveTimer.Change(timeout, Timeout.InfiniteTimeSpan);
        }
    }

    private void DisposeReceiveTimeout()
    {
        _receiveTimer?.Dispose();
        _receiveTimer = null;
    }

    /// <summary>What the receive timer posts; becomes a <see cref="Orchestrator.Actors.ReceiveTimeout"/> when it is looked at in time.</summary>
    private sealed record SilenceMessage(long Number) : IDeadLetterSuppression;
}
