using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Stacks;

internal sealed partial class StackRemovalActor
{
    [LoggerMessage(1600, LogLevel.Information, "Stack {Stack}: removing")]
    private partial void LogRemoving(string stack);

    [LoggerMessage(1601, LogLevel.Information, "Stack {Stack}: removal ended: {Outcome}")]
    private partial void LogRemoved(string stack, string outcome);
}
