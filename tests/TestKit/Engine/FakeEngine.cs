using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orchestrator.Engine.Fakes;

/// <summary>A Docker engine in memory that passes the contract suite of the real one.</summary>
/// <remarks>It starts no task and no thread: what happens later happens in a timer of the given <see cref="TimeProvider"/>, and awaiting callers go on right there, or in the synchronisation context they awaited in. Under a virtual clock a run is therefore deterministic, if the thread that moves the clock has no other synchronisation context.</remarks>
public sealed partial class FakeEngine : IEngine
{
    /// <summary>The oldest calls are forgotten, so that long simulations keep their memory.</summary>
    private const int CallsMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Queue<Action> _later = new();
    private readonly TimeProvider _time;
    private readonly Queue<FakeCall> _calls = new();
    private readonly List<FakeFault> _faults = [];
    private readonly List<FakeQueue<EngineEvent>> _subscribers = [];
    private readonly HashSet<Action<EngineException>> _open = [];
    private int _ids;

    public FakeEngine(TimeProvider time, FakeRegistry? registry = null, string address = "fake://engine")
    {
        _time = time;
        Registry = registry ?? new FakeRegistry();
        Address = address;
        foreach (var name in (string[])["bridge", "host", "none"]) AddNetwork(new CreateNetwork { Name = name, Driver = name == "none" ? "null" : name });
    }

    public string Address { get; }

    public FakeRegistry Registry { get; }

    /// <summary>Of every call; zero answers at once, on the caller's own stack.</summary>
    public TimeSpan Latency { get; set; }

    public EngineInfo Info { get; set; } = new("FAKE:ENGINE", "fake", 4, 8L * 1024 * 1024 * 1024, "linux", "x86_64", ImmutableDictionary<string, string>.Empty, "20.10.24", "2");

    public bool IsReachable { get; private set; } = true;

    /// <summary>The last calls that reached it.</summary>
    public IReadOnlyList<FakeCall> Calls
    {
        get
        {
            lock (_gate) return [.. _calls];
        }
    }

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<FakeContainer> Containers
    {
        get
        {
            lock (_gate) return [.. _containers];
        }
    }

    public void Inject(FakeFault fault)
    {
        lock (_gate) _faults.Add(fault);
    }

    /// <summary>What was to go wrong and has not yet does not any more.</summary>
    public void ClearFaults()
    {
        lock (_gate) _faults.Clear();
    }

    /// <summary>The next call of this kind is refused.</summary>
    public void FailNext(string operation, EngineErrorKind kind = EngineErrorKind.Temporary, int times = 1, bool afterEffect = false) => Inject(new FakeFault(operation)
    {
        Error = new EngineException(kind, kind switch { EngineErrorKind.NotFound => 404, EngineErrorKind.Conflict => 409, EngineErrorKind.Fatal => 400, _ => 500 }, "FAKE", operation, "injected failure", Address),
        Times = times,
        AfterEffect = afterEffect,
    });

    /// <summary>The engine's socket stops answering: open calls and streams fail. Containers run on.</summary>
    public void Disconnect() => Locked(() =>
    {
        IsReachable = false;
        foreach (var fail in _open) Later(() => fail(Unreachable()));
        _open.Clear();
        foreach (var subscriber in _subscribers) subscriber.Close(Unreachable());
        _subscribers.Clear();
        foreach (var follower in _containers.SelectMany(container => container.Followers)) follower.Close(Unreachable());
        return true;
    });

    public void Reconnect() => Locked(() => IsReachable = true);

    /// <summary>The host loses its power: what ran is dead, and nothing answers until <see cref="Boot"/>.</summary>
    public void Crash()
    {
        Disconnect();
        Locked(() =>
        {
            foreach (var container in _containers.Where(container => container.Status is "running" or "restarting")) PowerOff(container);
            return true;
        });
    }

    /// <summary>The host comes back; restart policies decide what runs.</summary>
    public void Boot() => Locked(() =>
    {
        IsReachable = true;
        foreach (var container in _containers.ToList().Where(RestartsAtBoot)) TryRestart(container);
        return true;
    });

    public Task PingAsync(CancellationToken cancellation) => CallAsync("", () => true, cancellation);

    public Task<EngineVersion> VersionAsync(CancellationToken cancellation) =>
        CallAsync("", () => new EngineVersion(Info.ServerVersion, "1.41", "1.12", Info.Os, "amd64", "6.1.0", "Engine"), cancellation);

    public Task<EngineInfo> InfoAsync(CancellationToken cancellation) => CallAsync("", () => Info, cancellation);

    public async IAsyncEnumerable<EngineEvent> EventsAsync(EngineFilters filters, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (queue, from) = await CallAsync("", () => (Subscribe(filters), _time.GetUtcNow()), cancellation);
        try
        {
            yield return EngineEvent.StreamOpen(from);
            while (true)
            {
                var (has, happened) = await queue.NextAsync(cancellation);
                if (!has) throw Unreachable();
                if (Matches(filters, happened)) yield return happened;
            }
        }
        finally
        {
            lock (_gate) _subscribers.Remove(queue);
        }
    }

    public EngineException Unreachable() => new(EngineErrorKind.Temporary, 0, "FAKE", "", "connection refused", Address);

    private FakeQueue<EngineEvent> Subscribe(EngineFilters filters)
    {
        FakeFilters.Check(filters, FakeFilters.EventKeys, Address);
        var queue = new FakeQueue<EngineEvent>(Later);
        _subscribers.Add(queue);
        return queue;
    }

    private static bool Matches(EngineFilters filters, EngineEvent happened) =>
        FakeFilters.Labels(filters, happened.Attributes)
        && FakeFilters.Any(filters, "type", type => type == happened.Type)
        && FakeFilters.Any(filters, "event", action => action == happened.Action || happened.Action.StartsWith(action + ":", StringComparison.Ordinal))
        && FakeFilters.Any(filters, "container", name => happened.Id.StartsWith(name, StringComparison.Ordinal) || happened.Attributes.GetValueOrDefault("name") == name);

    /// <summary>One call: counted, delayed, failed as told, then done under the gate.</summary>
    private Task<T> CallAsync<T>(string subject, Func<T> action, CancellationToken cancellation, [CallerMemberName] string operation = "") =>
        CallTaskAsync(subject, () => Task.FromResult(action()), cancellation, operation);

    private async Task<T> CallTaskAsync<T>(string subject, Func<Task<T>> action, CancellationToken cancellation, [CallerMemberName] string operation = "")
    {
        cancellation.ThrowIfCancellationRequested();
        if (!IsReachable) throw Unreachable();
        var fault = Locked(() => TakeFault(operation, subject));
        var delay = Latency + (fault?.Delay ?? TimeSpan.Zero);
        if (delay > TimeSpan.Zero) await OpenAsync(Task.Delay(delay, _time, cancellation));
        if (!IsReachable) throw Unreachable();
        if (fault is { Error: { } refused, AfterEffect: false }) throw refused;
        var result = await OpenAsync(Locked(action).WaitAsync(cancellation));
        return fault?.Error is { } lost ? throw lost : result;
    }

    private FakeFault? TakeFault(string operation, string subject)
    {
        _calls.Enqueue(new FakeCall(_time.GetUtcNow(), operation, subject));
        if (_calls.Count > CallsMax) _calls.Dequeue();
        var at = _faults.FindIndex(fault => fault.Operation == operation && (fault.Subject is null || fault.Subject == subject));
        if (at < 0) return null;
        var found = _faults[at];
        if (found.Times > 1) _faults[at] = found with { Times = found.Times - 1 };
        else _faults.RemoveAt(at);
        return found;
    }

    /// <summary>Waits, unless the engine becomes unreachable first.</summary>
    private async Task<T> OpenAsync<T>(Task<T> task)
    {
        if (task.IsCompleted) return await task;
        var cut = new TaskCompletionSource<T>();
        Action<EngineException> fail = error => cut.TrySetException(error);
        lock (_gate) _open.Add(fail);
        try
        {
            return await await Task.WhenAny(task, cut.Task);
        }
        finally
        {
            lock (_gate) _open.Remove(fail);
        }
    }

    private Task<bool> OpenAsync(Task task) => OpenAsync(AsValueAsync(task));

    private static async Task<bool> AsValueAsync(Task task)
    {
        await task;
        return true;
    }

    private T Locked<T>(Func<T> action)
    {
        try
        {
            lock (_gate) return action();
        }
        finally
        {
            RunLater();
        }
    }

    /// <summary>Work that may call back into the engine waits until the gate is open.</summary>
    private void Later(Action action)
    {
        lock (_gate) _later.Enqueue(action);
    }

    private void RunLater()
    {
        while (true)
        {
            Action? action;
            lock (_gate)
            {
                if (!_later.TryDequeue(out action)) return;
            }

            action();
        }
    }

    /// <summary>Runs once, later, under the gate, if the container is still in the run that set it.</summary>
    private void After(FakeContainer container, TimeSpan delay, Action action)
    {
        var run = container.Run;
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ => Locked(() =>
            {
                if (timer is not null && container.Timers.Remove(timer)) timer.Dispose();
                if (container.Run == run) action();
                return true;
            }),
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        container.Timers.Add(timer);
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    private void Emit(string type, string action, string id, IReadOnlyDictionary<string, string> attributes)
    {
        var happened = new EngineEvent(type, action, id, attributes, _time.GetUtcNow());
        foreach (var subscriber in _subscribers) subscriber.Push(happened);
    }

    private void Emit(FakeContainer container, string action, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var attributes = container.Request.Labels.ToImmutableDictionary().SetItem("name", container.Name).SetItem("image", container.Request.Image);
        foreach (var (key, value) in more) attributes = attributes.SetItem(key, value);
        Emit("container", action, container.Id, attributes);
    }

    private string NextId() => FakeImage.Hash($"{Address}/{++_ids}");

    private EngineException Refuse(int status, string message) => new(EngineErrors.Classify(status, message), status, "FAKE", "", message, Address);
}
