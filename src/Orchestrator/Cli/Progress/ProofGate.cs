using Orchestrator.Api;
using Orchestrator.Probing;

namespace Orchestrator.Cli.Progress;

/// <summary>Follows a change that is proven to its end and for a while after; with <c>--rollback-on-probe</c>, back again when too many requests fail.</summary>
/// <param name="events">Follows one request to its end, and hands on each event.</param>
/// <param name="show">For events of our own.</param>
internal sealed class ProofGate(
    ICoordinator coordinator,
    ChangeRequest request,
    ChangeProof proof,
    ChangeProgress progress,
    Func<ChangeRequest, Action<ChangeEvent>, CancellationToken, Task> events,
    Action<ChangeEvent> show)
{
    /// <summary>From here on it is known what there is to go back to.</summary>
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChangeRequest.Rollback? _back;

    /// <summary>Why going back was refused.</summary>
    private string? _refusal;

    private bool _hasNoWayBack;

    private bool GoesBack => proof.Settings.GoesBack && !_hasNoWayBack;

    public async Task FollowAsync(CancellationToken stop)
    {
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var change = events(request, Saw, leave.Token);
        var tooMany = Task.WhenAll(proof.LimitPassed, _begun.Task);
        await Task.WhenAny(change, GoesBack ? tooMany : change).ConfigureAwait(false);
        if (!change.IsCompleted && await WayBackAsync(stop).ConfigureAwait(false) is { } early)
        {
            await leave.CancelAsync().ConfigureAwait(false);
            // Whatever the stream that is left says now: the way back is asked for.
            await change.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await GoBackAsync(early, stop).ConfigureAwait(false);
            return;
        }

        await change.ConfigureAwait(false);
        if (progress.Ended is not { Outcome: not ChangeOutcome.Superseded } ended)
            return;
        var hasFailed = await proof.TailAsync(endsEarly: GoesBack, stop).ConfigureAwait(false);
        if (hasFailed && GoesBack && ended.Outcome == ChangeOutcome.Done && await WayBackAsync(stop).ConfigureAwait(false) is { } late)
            await GoBackAsync(late, stop).ConfigureAwait(false);
    }

    /// <summary>What the probe adds to how the change ended.</summary>
    /// <param name="end">Of the change; of the way back, when that was gone.</param>
    public ChangeConclusion Conclude(ChangeConclusion end, ProbeReport report, Invocation invocation)
    {
        var failed = Failed(report);
        if (_refusal is not null)
            return new(ExitCode.Failed, $"{request.Stack}: {failed}, and going back was refused: {_refusal}", [], [$"go back: {invocation.Hint($"rollback {request.Stack}")}"]);
        if (_back is not null && progress.Ended is { } back)
        {
            return back.Outcome is ChangeOutcome.Done or ChangeOutcome.NothingToDo
                ? new(ExitCode.RolledBack, $"{request.Stack}: {failed}; rolled back to revision {back.Revision}", [], ["mend the cause shown in the report and deploy again"])
                : end with { ExitCode = end.ExitCode == ExitCode.RolledBack ? ExitCode.Failed : end.ExitCode, Sentence = $"{end.Sentence}; this was the way back, because {failed}" };
        }

        if (end.ExitCode != ExitCode.Done || report.Held)
            return end;
        IReadOnlyList<string> next = request is ChangeRequest.Rollback ? [] : [$"go back: {invocation.Hint($"rollback {request.Stack}")}"];
        return end with { ExitCode = ExitCode.Failed, Sentence = $"{end.Sentence}, but {failed}", Next = next };
    }

    private static string Failed(ProbeReport report) => report.Failed > report.MaxFailures
        ? $"{report.Failed} of {report.Requests} probe requests failed and {report.MaxFailures} are allowed"
        : $"{string.Join(", ", report.Urls.Where(u => u.FirstAnswer is null).Select(u => u.Url))} never gave an expected answer";

    private void Saw(ChangeEvent happened)
    {
        proof.Saw(happened);
        // A change that is resumed or promoted has been planned before.
        if (happened is ChangeEvent.Planned || (happened is ChangeEvent.Accepted && request is ChangeRequest.Resume or ChangeRequest.Promote))
            _begun.TrySetResult();
    }

    private async Task<ChangeRequest.Rollback?> WayBackAsync(CancellationToken stop)
    {
        try
        {
            if (await WayBack.OfAsync(coordinator, request, progress.Plan, stop).ConfigureAwait(false) is { } back)
                return back;
            Warn("there is no good revision to go back to; the change goes on");
        }
        catch (CoordinatorException e)
        {
            Warn($"what to go back to is not known: {e.Message}");
        }

        _hasNoWayBack = true;
        return null;
    }

    private async Task GoBackAsync(ChangeRequest.Rollback back, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        _back = back;
        proof.ChangeBegan();
        Warn($"going back to {(back.ToRevision is { } revision ? $"revision {revision}" : "the last good revision")}");
        lock (progress.Gate)
            progress.StartOver();
        try
        {
            await events(back, proof.Saw, stop).ConfigureAwait(false);
        }
        catch (CoordinatorException e)
        {
            _refusal = e.Message;
            return;
        }

        if (progress.Ended is not null)
            await proof.TailAsync(endsEarly: false, stop).ConfigureAwait(false);
    }

    private void Warn(string what) => show(new ChangeEvent.Warning($"probe: {proof.Failed} requests failed, {proof.Settings.MaxFailures} are allowed; {what}") { At = proof.Now });
}
