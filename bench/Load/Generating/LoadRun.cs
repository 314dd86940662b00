using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Generating;

/// <summary>A running load: starts when made, and measures until it is stopped.</summary>
public sealed class LoadRun : IAsyncDisposable
{
    /// <summary>Beyond a stream's length and the timeout, nothing of ours can still be under way.</summary>
    private static readonly TimeSpan DrainSpare = TimeSpan.FromSeconds(5);

    /// <summary>Seldom enough that looking does not disturb what is measured.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(50);

    private readonly LoadOptions _options;
    private readonly TimeProvider _clock;
    private readonly Scoreboard _board;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _workers;

    private LoadRun(LoadOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _board = new Scoreboard(options.Targets, clock);
        var stopping = _stopping.Token;
        _workers = Task.WhenAll(
        [
            .. Workers(options.Rate > 0 ? options.Connections : 0, i => KeptConnections.RunAsync(options, i, _board, clock, stopping)),
            .. Workers(options.ShortRate > 0 ? options.ShortConnections : 0, i => ShortConnections.RunAsync(options, i, _board, clock, stopping)),
            .. Workers(options.Streams, i => Streams.RunAsync(options, i, _board, clock, stopping)),
            .. Workers(options.WebSockets, i => WebSocketSessions.RunAsync(options, i, _board, clock, stopping)),
        ]);
    }

    public IReadOnlyCollection<Failure> Failures => _board.Failures;

    public static LoadRun Start(LoadOptions options, TimeProvider clock) => new(options, clock);

    /// <summary>As it stands now.</summary>
    public LoadReport Peek() => _board.Report(_clock.GetTimestamp());

    /// <summary>Waits until the load has come to where <paramref name="wanted"/> holds.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> came first.</exception>
    public async Task<LoadReport> WhenAsync(Func<LoadReport, bool> wanted, CancellationToken cancel)
    {
        while (true)
        {
            var now = Peek();
            if (wanted(now))
                return now;
            await Task.Delay(LookInterval, _clock, cancel);
        }
    }

    /// <summary>Begins no new request and waits for those under way, so that the end of the load fails none.</summary>
    /// <exception cref="TimeoutException">A worker is stuck: an error of this program, for each of its waits has a limit.</exception>
    public async Task<LoadReport> StopAsync()
    {
        var end = _clock.GetTimestamp();
        await _stopping.CancelAsync();
        await _workers.WaitAsync(_options.StreamLength + (_options.Timeout * 3) + DrainSpare, _clock);
        return _board.Report(end);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_workers.IsCompleted)
            await StopAsync();
        _stopping.Dispose();
    }

    private static IEnumerable<Task> Workers(int count, Func<int, Task> run) => Enumerable.Range(0, count).Select(i => Task.Run(() => run(i)));
}
