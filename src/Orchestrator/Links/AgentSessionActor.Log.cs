using Microsoft.Extensions.Logging;

namespace Orchestrator.Links;

internal sealed partial class AgentSessionActor
{
    [LoggerMessage(2000, LogLevel.Information, "Host {Host}: link down → up, agent {Version}")]
    private partial void LogUp(string host, string version);

    [LoggerMessage(2001, LogLevel.Information, "Host {Host}: link up → down: {Reason}")]
    private partial void LogDown(string host, string reason);
}
