using Microsoft.Extensions.Logging;
using Orchestrator.Api;

namespace Orchestrator.Changes;

internal sealed partial class StackActor
{
    [LoggerMessage(3201, LogLevel.Information, "stack {Stack}: change {Number} ({Kind}) begins, revision {Base} → {Target}")]
    private partial void LogStarted(string stack, int number, ChangeKind kind, int? @base, int target);

    [LoggerMessage(3202, LogLevel.Information, "stack {Stack}: change {Number} → {Outcome}: {Message}")]
    private partial void LogEnded(string stack, int number, ChangeOutcome outcome, string message);

    [LoggerMessage(3203, LogLevel.Information, "stack {Stack}: change {Number} ({Kind}) is taken up again")]
    private partial void LogResumed(string stack, int number, ChangeKind kind);

    [LoggerMessage(3204, LogLevel.Warning, "stack {Stack}: cannot be repaired now: {Reason}")]
    private partial void LogNoRepair(string stack, string reason);

    [LoggerMessage(3207, LogLevel.Information, "stack {Stack}: {Service}.{Slot} is repaired: {Reason}")]
    private partial void LogRepair(string stack, string service, int slot, string reason);

    [LoggerMessage(3205, LogLevel.Error, "stack {Stack}: a request failed")]
    private partial void LogFault(Exception error, string stack);

    [LoggerMessage(3206, LogLevel.Information, "stack {Stack}: maintenance of {Service} {Change}")]
    private partial void LogMaintenance(string stack, string service, string change);
}
