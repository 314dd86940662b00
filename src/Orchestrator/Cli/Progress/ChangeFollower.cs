using System.Runtime.CompilerServices;
using Orchestrator.Api;
using Orchestrator.Cli.Connections;

namespace Orchestrator.Cli.Progress;

/// <summary>Asks for a change, shows it, and decides how the command ends: with the change, or before it by timeout, Ctrl-C or detaching.</summary>
internal sealed class ChangeFollower(Invocation invocation, CoordinatorConnection connection)
{
    /// <summary>How long a lost coordinator is looked for before the command gives up: a restart takes seconds, a new leader little more.</summary>
    public static readonly TimeSpan ReattachMax = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan _reattachPause = TimeSpan.FromSeconds(1);

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
        await foreach (var change in EventsAsync(request, stop).ConfigureAwait(false))
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

    /// <summary>The change's events; a fleet's coordinator that goes away after it has accepted the change is followed again when it is back.</summary>
    private async IAsyncEnumerable<ChangeEvent> EventsAsync(ChangeRequest request, [EnumeratorCancellation] CancellationToken stop)
    {
        var next = request;
        long? lostAt = null;
        while (true)
        {
            var events = connection.Coordinator.ChangeAsync(next, stop).GetAsyncEnumerator(stop);
            var (received, lost) = (false, false);
            try
            {
                while (!lost)
                {
                    try
                    {
                        if (!await events.MoveNextAsync().ConfigureAwait(false))
                            yield break;
                        received = true;
                    }
                    catch (CoordinatorException e) when (e.Kind == CoordinatorErrorKind.Unreachable && CanReattach(lostAt, received))
                    {
                        lost = true;
                    }

                    // The watch of a coordinator that has ended the change meanwhile knows of none; its history does.
                    if (!lost)
                        yield return next != request && events.Current is ChangeEvent.Ended { Outcome: ChangeOutcome.NothingToDo } ended
                            ? await OutcomeFromHistoryAsync(ended, stop).ConfigureAwait(false)
                            : events.Current;
                }
            }
            finally
            {
                await events.DisposeAsync().ConfigureAwait(false);
            }

            if (received || lostAt is null)
            {
                lostAt = _time.GetTimestamp();
                yield return new ChangeEvent.Warning("the connection to the coordinator is lost; the change goes on, looking for it again") { At = _time.GetUtcNow() };
            }

            await Task.Delay(_reattachPause, _time, stop).ConfigureAwait(false);
            next = new ChangeRequest.Watch { Stack = request.Stack };
        }
    }

    private bool CanReattach(long? lostAt, bool received) =>
        connection.IsFleet && _progress.Accepted is not null && (received || lostAt is null || _time.GetElapsedTime(lostAt.Value) < ReattachMax);

    private async Task<ChangeEvent> OutcomeFromHistoryAsync(ChangeEvent.Ended ended, CancellationToken stop)
    {
        var revision = _progress.Accepted?.TargetRevision ?? ended.Revision;
        var history = await connection.Coordinator.HistoryAsync(_progress.Accepted?.Stack ?? "", stop).ConfigureAwait(false);
        var outcome = history.FirstOrDefault(r => r.Revision == revision)?.State switch
        {
            "current" or "good" => ChangeOutcome.Done,
            "superseded" => ChangeOutcome.Superseded,
            "aborted" => ChangeOutcome.Aborted,
            "paused" => ChangeOutcome.Paused,
            "failed" when history.Any(r => r.State == "current" && r.Revision != revision) => ChangeOutcome.RolledBack,
            _ => ChangeOutcome.Failed,
        };
        return ended with { Outcome = outcome, Revision = revision, Message = "it ended while the coordinator was out of reach" };
    }

    private IChangeDisplay Display(DisplayKind kind) => kind switch
    {
        DisplayKind.Json => new JsonDisplay(invocation.Voice),
        DisplayKind.Quiet => new LinesDisplay(invocation.Voice, quiet: true),
        DisplayKind.Automatic when invocation.Voice.CanRedraw => new LiveDisplay(invocation.Voice, _time, _progress),
        DisplayKind.Automatic => new LinesDisplay(invocation.Voice, quiet: false),
    };
}
