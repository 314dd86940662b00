using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Names;

internal sealed partial class NamesActor
{
    [LoggerMessage(1420, LogLevel.Warning, "Names of traffic {Number}: not answered everywhere: {Reason}")]
    private partial void LogHindered(long number, string reason);

    [LoggerMessage(1421, LogLevel.Information, "Names of traffic {Number}: answered everywhere")]
    private partial void LogUnhindered(long number);
}
