using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Cli.Progress;

/// <summary>The request that undoes a change when its probe fails: a host that does not answer must not be in its way.</summary>
internal static class WayBack
{
    /// <summary>Null: there is nothing to go back to.</summary>
    /// <param name="plan">Of the change to undo; null for one that was resumed.</param>
    public static async Task<ChangeRequest.Rollback?> OfAsync(ICoordinator coordinator, ChangeRequest request, Plan? plan, CancellationToken cancellation)
    {
        if (plan is not null && (plan.BaseRevision is null || plan.BaseRevision == plan.TargetRevision))
            return null;
        var history = await coordinator.HistoryAsync(request.Stack, cancellation).ConfigureAwait(false);
        if (plan?.BaseRevision is { } before && history.Any(r => r.Revision == before && r.State is "good" or "current"))
            return new ChangeRequest.Rollback { Stack = request.Stack, ToRevision = before, SkipUnreachable = true };

        // What was there before was not good itself. Undoing a rollback must not lead to a still older revision.
        return request is not ChangeRequest.Rollback && history.Any(r => r.State == "good")
            ? new ChangeRequest.Rollback { Stack = request.Stack, SkipUnreachable = true }
            : null;
    }
}
