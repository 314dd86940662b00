using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Orchestrator.Api.Http;

/// <summary>Follows one change to its end across coordinators that restart: once a change is accepted it is journaled, so the follower finds it again with <see cref="ChangeRequest.Watch"/>.</summary>
/// <param name="coordinator">Asked for the history when the change ended unseen.</param>
/// <param name="open">Starts a stream.</param>
internal sealed class ChangeFollower(ICoordinator coordinator, Func<ChangeRequest, CancellationToken, Task<NdjsonReader<ChangeEvent>>> open, ApiTimes times, TimeProvider time)
{
    private ChangeEvent.Accepted? _accepted;

    /// <summary>The stack is not there any more, which is what was asked for.</summary>
    private bool _removed;

    public async IAsyncEnumerable<ChangeEvent> FollowAsync(ChangeRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = await open(request, cancellation);
        while (true)
        {
            string lost;
            await using (reader)
            {
                while (true)
                {
                    var (next, problem) = await ReadAsync(reader, cancellation);
                    if (next is null)
                    {
                        lost = problem!;
                        break;
                    }

                    if (await JudgeAsync(request, next, cancellation) is not { } shown) continue;
                    yield return shown;
                    if (shown is ChangeEvent.Ended) yield break;
                }
            }

            if (_accepted is null && request is not ChangeRequest.Watch)
            {
                throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"the connection was lost before the coordinator accepted the change: {lost}. 'orchestrator ps' shows the state; the command may be repeated.");
            }

            yield return new ChangeEvent.Warning($"connection to the coordinator lost ({lost}); the change goes on, looking for it again") { At = time.GetUtcNow() };
            var since = time.GetUtcNow();
            NdjsonReader<ChangeEvent>? found = null;
            while (found is null)
            {
                await Task.Delay(times.ReconnectPause, time, cancellation);
                found = await TryWatchAsync(request, since, cancellation);
                if (_removed)
                {
                    yield return await OutcomeAsync(request, cancellation);
                    yield break;
                }

                if (found is null) yield return new ChangeEvent.Waiting("the coordinator", time.GetUtcNow() - since) { At = time.GetUtcNow() };
            }

            reader = found;
        }
    }

    private static async Task<(ChangeEvent? Next, string? Lost)> ReadAsync(NdjsonReader<ChangeEvent> reader, CancellationToken cancellation)
    {
        try
        {
            var next = await reader.ReadAsync(cancellation);
            return (next, next is null ? "the stream ended before the change did" : null);
        }
        catch (StreamLostException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>What the follower shows for an event: null for a repetition, and for another change's beginning or end that of ours.</summary>
    private async Task<ChangeEvent?> JudgeAsync(ChangeRequest request, ChangeEvent next, CancellationToken cancellation)
    {
        switch (next)
        {
            case ChangeEvent.Accepted first when _accepted is null:
                _accepted = first;
                return first;
            case ChangeEvent.Accepted again when again.ChangeId == _accepted.ChangeId:
                return null;
            case ChangeEvent.Accepted:
            case ChangeEvent.Ended { Outcome: ChangeOutcome.NothingToDo } when _accepted is not null:
                return await OutcomeAsync(request, cancellation);
            default:
                return next;
        }
    }

    private async Task<NdjsonReader<ChangeEvent>?> TryWatchAsync(ChangeRequest request, DateTimeOffset since, CancellationToken cancellation)
    {
        try
        {
            return await open(new ChangeRequest.Watch { Stack = request.Stack, WaitsForPromotion = request.WaitsForPromotion }, cancellation);
        }
        catch (CoordinatorException e) when (e.Kind == CoordinatorErrorKind.NotFound && request is ChangeRequest.Remove)
        {
            _removed = true;
            return null;
        }
        catch (CoordinatorException e) when (e.Kind == CoordinatorErrorKind.Unreachable)
        {
            if (time.GetUtcNow() - since < times.Reconnect) return null;
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"the coordinator did not come back within {times.Reconnect.TotalSeconds:0} s: {e.Message} The change goes on when it does: 'orchestrator watch {request.Stack}' follows it.", e);
        }
    }

    /// <summary>The change ended while nobody listened: the stack's history knows how.</summary>
    private async Task<ChangeEvent.Ended> OutcomeAsync(ChangeRequest request, CancellationToken cancellation)
    {
        var revision = _accepted!.TargetRevision;
        var views = await HistoryAsync(request, cancellation);
        var state = views?.FirstOrDefault(v => v.Revision == revision)?.State;
        var (outcome, words) = (views, state) switch
        {
            (null, _) => (ChangeOutcome.Done, "the stack has been removed"),
            (_, "current" or "good") => (ChangeOutcome.Done, "the change was done"),
            (_, "superseded") => (ChangeOutcome.Superseded, "a newer change took its place"),
            (_, "aborted") => (ChangeOutcome.Aborted, "the change was aborted"),
            (_, "rolled-back") => (ChangeOutcome.RolledBack, "the change failed and was rolled back"),
            (_, "paused") => (ChangeOutcome.Paused, "the change is paused"),
            (_, "failed") => (ChangeOutcome.Failed, "the change failed"),
            _ => (ChangeOutcome.Failed, "how the change ended is not known"),
        };
        return new ChangeEvent.Ended(outcome, revision, $"while the connection was lost, {words}; 'orchestrator history {request.Stack}' shows more") { At = time.GetUtcNow() };
    }

    private async Task<IReadOnlyList<RevisionView>?> HistoryAsync(ChangeRequest request, CancellationToken cancellation)
    {
        try
        {
            return await coordinator.HistoryAsync(request.Stack, cancellation);
        }
        catch (CoordinatorException e) when (e.Kind == CoordinatorErrorKind.NotFound && request is ChangeRequest.Remove)
        {
            return null;
        }
    }
}
