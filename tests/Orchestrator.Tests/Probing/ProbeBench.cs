using Orchestrator.Probing;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Probing;

/// <summary>A probe of a <see cref="FakeServer"/> in time that passes only when the test says so.</summary>
internal sealed class ProbeBench : IDisposable
{
    public static readonly Uri Url = new("http://127.0.0.1:8080/");
    public static readonly Uri Other = new("http://127.0.0.1:8080/other");

    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private Task _running = Task.CompletedTask;

    public ProbeBench(ProbeOptions? options = null, bool forgives = false, long maxFailures = 0)
    {
        Options = options ?? new ProbeOptions { Urls = [Url] };
        Clock = new ProbeClock(Time);
        Recorder = new ProbeRecorder(Options, Clock, forgives, maxFailures);
    }

    public ProbeOptions Options { get; }

    public ManualTime Time { get; } = new();

    public FakeServer Server { get; } = new();

    public ProbeClock Clock { get; }

    public ProbeRecorder Recorder { get; }

    public void Start() => _running = new Prober(Options, Server, Clock, Recorder).RunAsync(_stop.Token, _abort.Token);

    /// <summary>In steps of a millisecond, as a real clock's timers have it.</summary>
    public void Pass(double seconds)
    {
        // Without a context what waits for a timer goes on within it: the run is the same each time.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        for (var ms = 0; ms < seconds * 1000; ms++)
            Time.Advance(TimeSpan.FromMilliseconds(1));
        SynchronizationContext.SetSynchronizationContext(context);
    }

    /// <summary>At once, as for a process that was stopped meanwhile.</summary>
    public void Jump(TimeSpan by)
    {
        Time.Skip(by);
        Pass(0.001);
    }

    /// <summary>Nothing further is sent; what is under way has its timeout.</summary>
    public async Task<ProbeReport> StopAsync()
    {
        var until = Clock.Now;
        await _stop.CancelAsync();
        Pass(Options.Timeout.TotalSeconds);
        await _running.WaitAsync(TimeSpan.FromSeconds(10));
        return Recorder.Report(until, []);
    }

    public Task AbortAsync()
    {
        _stop.Cancel();
        _abort.Cancel();
        return _running.WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>An outcome at a moment of the probe, in seconds.</summary>
    public void Record(double at, string? failure = null, double latencyMs = 1, int url = 0, string? by = null) =>
        Recorder.Record(new ProbeOutcome(Clock.Began.AddSeconds(at), TimeSpan.FromMilliseconds(latencyMs), url, failure is null ? 200 : null, failure, by));

    public ProbeReport Report(double until) => Recorder.Report(Clock.Began.AddSeconds(until), []);

    public void Dispose()
    {
        _stop.Dispose();
        _abort.Dispose();
    }
}
