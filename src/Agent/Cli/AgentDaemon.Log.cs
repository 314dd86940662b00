using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Cli;

internal sealed partial class AgentDaemon
{
    [LoggerMessage(2210, LogLevel.Information, "Agent {Host} {Version} started; engine {Engine}")]
    private partial void LogStarted(string host, string version, string engine);

    [LoggerMessage(2211, LogLevel.Information, "Stopping; containers go on")]
    private partial void LogStopping();

    [LoggerMessage(2212, LogLevel.Warning, "The actors did not stop within {Seconds} s")]
    private partial void LogStuck(double seconds);

    [LoggerMessage(2213, LogLevel.Information, "Certificate renewed; the next link uses it")]
    private partial void LogRenewed();

    [LoggerMessage(2214, LogLevel.Warning, "Certificate not renewed, tried again in an hour: {Reason}")]
    private partial void LogRenewalFailed(string reason);
}
