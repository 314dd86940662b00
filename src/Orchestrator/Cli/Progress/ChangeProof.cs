using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;
using Orchestrator.Probing;

namespace Orchestrator.Cli.Progress;

/// <summary>The probe that goes along with a change: before it, during it, and for a while after.</summary>
internal sealed class ChangeProof : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private readonly IProbeTransport _transport;
    private readonly ProbeClock _clock;
    private readonly ProbeRecorder _recorder;
    private readonly CutoverLog _cutovers;
    private readonly Task _probing;

    /// <summary>Begins at once.</summary>
    /// <param name="isServing">False: the stack does not run yet, and failures before a URL's first answer do not count.</param>
    public ChangeProof(ProofSettings settings, IProbeTransport transport, TimeProvider time, bool isServing)
    {
        Settings = settings;
        IsServing = isServing;
        _transport = transport;
        _clock = new ProbeClock(time);
        _recorder = new ProbeRecorder(settings.Options, _clock, forgives: !isServing, settings.MaxFailures);
        _cutovers = new CutoverLog(_recorder);
        _probing = new Prober(settings.Options, transport, _clock, _recorder).RunAsync(_stop.Token, _abort.Token);
    }

    public ProofSettings Settings { get; }

    public bool IsServing { get; }

    /// <summary>Completes when more requests have failed than may.</summary>
    public Task LimitPassed => _recorder.LimitPassed;

    public long Failed => _recorder.Failed;

    public DateTimeOffset Now => _clock.Now;

    /// <summary>Throws (exit code 1) when a stack that runs does not answer well enough to prove anything.</summary>
    public async Task WarmUpAsync(CancellationToken cancellation)
    {
        await Task.Delay(Settings.Before, _clock.Time, cancellation).ConfigureAwait(false);
        // Each request has an end, and each URL's turn comes.
        await _recorder.EachHeard.WaitAsync(cancellation).ConfigureAwait(false);
        if (!IsServing)
            return;
        var silent = _recorder.Silent;
        if (silent.Length > 0)
            throw Refusal($"{string.Join(", ", silent.Select(u => u.AbsoluteUri))} did not answer before the change ({_recorder.LastFailure})");
        if (_recorder.Failed > Settings.MaxFailures)
            throw Refusal($"{Words.Count((int)_recorder.Failed, "request")} failed before the change, the last with: {_recorder.LastFailure}");
    }

    public void ChangeBegan() => _recorder.ChangeBegan();

    public void Saw(ChangeEvent happened) => _cutovers.Saw(happened);

    /// <summary>True when the limit was passed by its end.</summary>
    /// <param name="endsEarly">Ends when the limit is passed.</param>
    public async Task<bool> TailAsync(bool endsEarly, CancellationToken cancellation)
    {
        _recorder.ChangeEnded();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var tail = Task.Delay(Settings.After, _clock.Time, over.Token);
        await Task.WhenAny(tail, endsEarly ? LimitPassed : tail).ConfigureAwait(false);
        over.Cancel();
        cancellation.ThrowIfCancellationRequested();
        return LimitPassed.IsCompleted;
    }

    /// <param name="atOnce">Requests under way are given up rather than waited for.</param>
    public async Task<ProbeReport> EndAsync(bool atOnce)
    {
        var until = _clock.Now;
        _cutovers.CloseAll();
        _stop.Cancel();
        if (atOnce)
            _abort.Cancel();
        await _probing.ConfigureAwait(false);
        return _recorder.Report(until, _cutovers.Batches());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _abort.CancelAsync().ConfigureAwait(false);
        await _probing.ConfigureAwait(false);
        _transport.Dispose();
        _stop.Dispose();
        _abort.Dispose();
    }

    private CliException Refusal(string why) => new(
        ExitCode.Failed,
        $"nothing was changed: {why}. A proof needs a service that answers: mend it, leave the URL out, or allow more with --max-failures (now {Settings.MaxFailures}) or --probe-expect");
}
