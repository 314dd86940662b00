namespace Orchestrator.Actors;

internal sealed partial class ActorCell
{
    private ITimer? _receiveTimer;
    private TimeSpan? _receiveTimeout;
    private bool _influenced;

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
                static state => ((ActorCell)state!)._self.Tell(Orchestrator.Actors.ReceiveTimeout.Instance, ActorRefs.NoSender),
                this, timeout, Timeout.InfiniteTimeSpan);
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
}
