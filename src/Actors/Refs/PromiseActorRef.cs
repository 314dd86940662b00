namespace Orchestrator.Actors;

/// <summary>Stands as the sender of one question, or the watcher of one stop, and takes its one outcome or its timeout.</summary>
internal abstract class PromiseActorRef(ActorSystem system) : ActorRefBase
{
    private ActorPath? _path;
    private ITimer? _timer;
    private CancellationTokenRegistration _cancellation;

    public override ActorPath Path => _path ??= System.NextTempPath();

    public override ActorSystem Owner => System;

    internal ActorSystem System { get; } = system;

    protected abstract bool IsDone { get; }

    internal abstract void TimeOut();

    internal abstract void Cancel(CancellationToken token);

    /// <summary>Bounds the waiting. Called before anything is sent.</summary>
    internal void Limit(TimeSpan? timeout, CancellationToken cancellation)
    {
        if (timeout is { } limit && limit != Timeout.InfiniteTimeSpan)
        {
            using var _ = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
            _timer = System.Time.CreateTimer(static state => ((PromiseActorRef)state!).TimeOut(), this, limit, Timeout.InfiniteTimeSpan);
        }
        if (cancellation.CanBeCanceled)
        {
            _cancellation = cancellation.UnsafeRegister(static (state, token) => ((PromiseActorRef)state!).Cancel(token), this);
        }
        if (IsDone)
        {
            Release();
        }
    }

    // On the completing thread, not in a continuation: a deterministic run must not depend on the pool.
    protected void Release()
    {
        _timer?.Dispose();
        _cancellation.Unregister();
    }
}
