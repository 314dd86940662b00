using Orchestrator.Api;
using Orchestrator.Cli.Connections;

namespace Orchestrator.Cli.Progress;

/// <summary>Asks for a change, shows it, and decides how the command ends: with the change, or before it by timeout, Ctrl-C or detaching.</summary>
internal sealed class ChangeRun(Invocation invocation, CoordinatorConnection connection)
{
    private readonly TimeProvider _time = invocation.Services.Time;
    private readonly ChangeProgress _progress = new();

    /// <summary>When the end was told; the probe may go on after it.</summary>
    private long? _ended;

    public async Task<int> RunAsync(ChangeRequest request, FollowSettings settings)
    {
        if (settings.Detach && !connection.IsFleet)
            throw CliException.Usage("--detach needs a fleet: on the local engine this command is what carries out the change; leave out --detach, or start a coordinator with `orchestrator serve --init`");

        var display = Display(settings.Display);
        return settings.Proof is { } proof
            ? await RunAsync(request, settings, proof, display).ConfigureAwait(false)
            : Conclude(display, await FollowAsync(request, settings, display, stop => EventsAsync(request, display, settings.Detach, _ => { }, stop)).ConfigureAwait(false));
    }

    private async Task<int> RunAsync(ChangeRequest request, FollowSettings settings, ProofSettings asked, IChangeDisplay display)
    {
        var shown = new ProofDisplay(invocation.Voice, settings.Display);
        var isServing = (await connection.Coordinator.StacksAsync(invocation.Interrupted).ConfigureAwait(false)).Any(s => s.Stack == request.Stack && s.ReplicasServing > 0);
        await using var proof = new ChangeProof(asked, invocation.Services.ProbeTransport(asked.Options), _time, isServing);
        shown.Begins(proof);
        try
        {
            await proof.WarmUpAsync(invocation.Interrupted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (invocation.Interrupted.IsCancellationRequested)
        {
            return Conclude(display, new ChangeConclusions(invocation, connection, request, _progress, TimeSpan.Zero).Interrupted());
        }

        proof.ChangeBegan();
        var gate = new ProofGate(connection.Coordinator, request, proof, _progress, (r, saw, stop) => EventsAsync(r, display, detach: false, saw, stop), happened => Show(display, happened));
        var end = await FollowAsync(request, settings, display, gate.FollowAsync).ConfigureAwait(false);
        var report = await proof.EndAsync(atOnce: _progress.Ended is null).ConfigureAwait(false);
        var exit = Conclude(display, gate.Conclude(end, report, invocation));
        shown.Report(report);
        return exit;
    }

    private async Task<ChangeConclusion> FollowAsync(ChangeRequest request, FollowSettings settings, IChangeDisplay display, Func<CancellationToken, Task> follow)
    {
        var started = _time.GetTimestamp();
        using var timeout = settings.Timeout is { } limit ? new CancellationTokenSource(limit, _time) : new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, invocation.Interrupted);
        try
        {
            await display.RunAsync(() => follow(stop.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told apart below: the change may have ended in the same moment.
        }

        var conclusion = new ChangeConclusions(invocation, connection, request, _progress, _time.GetElapsedTime(started, _ended ?? _time.GetTimestamp()));
        return _progress.Ended is { } ended ? conclusion.Ended(ended)
            : invocation.Interrupted.IsCancellationRequested ? conclusion.Interrupted()
            : timeout.IsCancellationRequested ? conclusion.TimedOut()
            : settings.Detach && _progress.Accepted is not null ? conclusion.Detached()
            : conclusion.Lost();
    }

    private async Task EventsAsync(ChangeRequest request, IChangeDisplay display, bool detach, Action<ChangeEvent> saw, CancellationToken stop)
    {
        await foreach (var change in connection.Coordinator.ChangeAsync(request, stop).ConfigureAwait(false))
        {
            Show(display, change);
            saw(change);
            if (change is ChangeEvent.Ended || (detach && change is ChangeEvent.Accepted))
                return;
        }
    }

    private void Show(IChangeDisplay display, ChangeEvent change)
    {
        lock (_progress.Gate)
        {
            _progress.Apply(change, _time.GetUtcNow());
            _ended = change is ChangeEvent.Ended ? _time.GetTimestamp() : null;
            display.Show(change);
        }
    }

    private static int Conclude(IChangeDisplay display, ChangeConclusion end)
    {
        display.Conclude(end);
        return end.ExitCode;
    }

    private IChangeDisplay Display(DisplayKind kind) => kind switch
    {
        DisplayKind.Json => new JsonDisplay(invocation.Voice),
        DisplayKind.Quiet => new LinesDisplay(invocation.Voice, quiet: true),
        DisplayKind.Automatic when invocation.Voice.CanRedraw => new LiveDisplay(invocation.Voice, _time, _progress),
        DisplayKind.Automatic => new LinesDisplay(invocation.Voice, quiet: false),
    };
}
