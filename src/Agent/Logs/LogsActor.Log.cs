using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Logs;

internal sealed partial class LogsActor
{
    [LoggerMessage(1500, LogLevel.Warning, "The log of container {Container} ended early: {Error}")]
    private partial void LogFailed(string container, string error);
}
