using Microsoft.Extensions.Logging;

namespace Orchestrator.Rollouts;

internal sealed partial class RolloutActor
{
    [LoggerMessage(3101, LogLevel.Information, "rollout {Id}: {Previous} → {Next} {Reason}")]
    private partial void LogPhase(string id, RolloutPhase previous, RolloutPhase next, string? reason);

    [LoggerMessage(3102, LogLevel.Information, "rollout {Id}: taken up again after {Events} journaled events, {Phase}")]
    private partial void LogRecovered(string id, int events, RolloutPhase phase);

    [LoggerMessage(3103, LogLevel.Information, "rollout {Id}: the traffic of {Slots} new replicas is judged over {Window}")]
    private partial void LogJudgement(string id, int slots, TimeSpan window);

    [LoggerMessage(3104, LogLevel.Information, "rollout {Id}: judged by traffic, passed {Passed} {Message}")]
    private partial void LogVerdict(string id, bool passed, string? message);

    [LoggerMessage(3106, LogLevel.Error, "rollout {Id}: ended, because it did not come to rest; the last step was {Step}")]
    private partial void LogRestless(string id, RolloutEvent step);

    [LoggerMessage(3107, LogLevel.Warning, "rollout {Id}: could not be taken up, try {Try}; it is tried again")]
    private partial void LogNotRecovered(Exception cause, string id, int @try);

    [LoggerMessage(3108, LogLevel.Warning, "rollout {Id}: no other host could be looked for for slot {Slot}; it is tried again")]
    private partial void LogNotReassigned(Exception cause, string id, int slot);
}
