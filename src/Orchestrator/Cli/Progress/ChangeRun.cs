using Orchestrator.Api;
using Orchestrator.Cli.Connections;

namespace Orchestrator.Cli.Progress;

/// <summary>Asks for a change, shows it, and decides how the command ends: with the change, or before it by timeout, Ctrl-C or detaching.</summary>
internal sealed class ChangeRun(Invocation invocation, CoordinatorConnection connection)
{
    private readonly TimeProvider _time = invocation.Services.Time;
    private readonly ChangeProgress _progress = new();

    public async Task<int> RunAsync(ChangeRequest request, FollowSettings settings)
    {
        if (settings.Detach && !connection.IsFleet)
            throw CliException.Usage("--detach needs a fleet: on the local engine this command is what carries out the change; leave out --detach, or start a coordinator with `orchestrator serve --init`");

        var display = Display(settings.Display);
        var started = _time.GetTimestamp();
        using var timeout = settings.Timeout is { } limit ? new CancellationTokenSource(limit, _time) : new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, invocation.Interrupted);
        try
        {
            await display.RunAsync(() => FollowAsync(request, display, settings.Detach, stop.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told apart below: the change may have ended in the same moment.
        }

        var conclusion = new ChangeConclusions(invocation, connection, request, _progress, _time.GetElapsedTime(started));
        var end = _progress.Ended is { } ended ? conclusion.Ended(ended)
            : invocation.Interrupted.IsCancellationRequested ? conclusion.Interrupted()
            : timeout.IsCancellationRequested ? conclusion.TimedOut()
            : settings.Detach && _progress.Accepted is not null ? conclusion.Detached()
            : conclusion.Lost();
        display.Conclude(end);
        return end.ExitCode;
    }

    private async Task FollowAsync(ChangeRequest request, IChangeDisplay display, bool detach, CancellationToken stop)
    {
        await foreach (var change in connection.Coordinator.ChangeAsync(request, stop).ConfigureAwait(false))
        {
            lock (_progress.Gate)
            {
                _progress.Apply(change, _time.GetUtcNow());
                display.Show(change);
            }

            if (change is ChangeEvent.Ended || (detach && change is ChangeEvent.Accepted))
                return;
        }
    }

    private IChangeDisplay Display(DisplayKind kind) => kind switch
    {
        DisplayKind.Json => new JsonDisplay(invocation.Voice),
        DisplayKind.Quiet => new LinesDisplay(invocation.Voice, quiet: true),
        DisplayKind.Automatic when invocation.Voice.CanRedraw => new LiveDisplay(invocation.Voice, _time, _progress),
        DisplayKind.Automatic => new LinesDisplay(invocation.Voice, quiet: false),
    };
}
