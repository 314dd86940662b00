using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Links;

internal sealed partial class LinkActor
{
    [LoggerMessage(2200, LogLevel.Information, "Link down → up: {Coordinator}, version {Version}")]
    private partial void LogUp(Uri coordinator, string version);

    [LoggerMessage(2201, LogLevel.Warning, "Link → down: {Reason}; next is {Next} in {WaitMs} ms")]
    private partial void LogDown(string reason, Uri next, int waitMs);
}
