using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Traffic;

internal sealed partial class TrafficActor
{
    [LoggerMessage(1700, LogLevel.Warning, "{Sink}: {Problem}")]
    private partial void LogHindered(string sink, string problem);

    [LoggerMessage(1701, LogLevel.Warning, "Nothing new is shown before the coordinator has sent the traffic of {Stacks}")]
    private partial void LogAwaited(string stacks);
}
