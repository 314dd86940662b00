namespace Orchestrator.Engine.Fakes;

/// <summary>Hands items to one reader. Completes the reader on the writer's thread, through <paramref name="later"/>, so that a simulation stays on its one thread.</summary>
internal sealed class FakeQueue<T>(Action<Action> later)
{
    /// <summary>A reader that far behind has stopped reading.</summary>
    private const int ItemsMax = 100_000;

    private readonly Lock _gate = new();
    private readonly Queue<T> _items = new();
    private TaskCompletionSource<bool>? _waiting;
    private Exception? _error;
    private bool _isClosed;

    public void Push(T item)
    {
        lock (_gate)
        {
            if (_isClosed) return;
            if (_items.Count == ItemsMax) throw new InvalidOperationException($"nobody reads this stream: {ItemsMax} items wait");
            _items.Enqueue(item);
        }

        Wake();
    }

    /// <summary>The reader gets what is left, then the end or the error.</summary>
    public void Close(Exception? error = null)
    {
        lock (_gate)
        {
            if (_isClosed) return;
            (_isClosed, _error) = (true, error);
        }

        Wake();
    }

    /// <summary>False at the end.</summary>
    public async ValueTask<(bool Has, T Item)> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            TaskCompletionSource<bool> waiting;
            lock (_gate)
            {
                if (_items.TryDequeue(out var item)) return (true, item);
                if (_error is not null) throw _error;
                if (_isClosed) return (false, default!);
                waiting = _waiting = new TaskCompletionSource<bool>();
            }

            await using var registration = cancellation.UnsafeRegister(static state => ((TaskCompletionSource<bool>)state!).TrySetResult(false), waiting);
            await waiting.Task;
        }
    }

    private void Wake()
    {
        TaskCompletionSource<bool>? waiting;
        lock (_gate) (waiting, _waiting) = (_waiting, null);
        if (waiting is not null) later(() => waiting.TrySetResult(true));
    }
}
