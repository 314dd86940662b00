using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Networks;

internal sealed partial class OverlayActor
{
    [LoggerMessage(1410, LogLevel.Warning, "Networks of traffic {Number}: not joined yet: {Reason}")]
    private partial void LogHindered(long number, string reason);

    [LoggerMessage(1411, LogLevel.Information, "Networks of traffic {Number}: joined")]
    private partial void LogUnhindered(long number);
}
