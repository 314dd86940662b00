using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Traffic;

internal sealed partial class TrafficActor
{
    [LoggerMessage(1700, LogLevel.Warning, "{Sink}: {Problem}")]
    private partial void LogHindered(string sink, string problem);
}
