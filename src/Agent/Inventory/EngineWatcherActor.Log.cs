using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Inventory;

internal sealed partial class EngineWatcherActor
{
    [LoggerMessage(1100, LogLevel.Information, "Engine {Address}: not reached → connected, version {Version}, {Containers} containers of ours")]
    private partial void LogConnected(string address, string version, int containers);

    [LoggerMessage(1101, LogLevel.Warning, "Engine {Address} does not answer: {Error}. Trying again in {Pause}")]
    private partial void LogLost(string address, string error, TimeSpan pause);

    [LoggerMessage(1102, LogLevel.Warning, "Container {Container} could not be inspected: {Error}")]
    private partial void LogNotInspected(string container, string error);

    [LoggerMessage(1103, LogLevel.Debug, "Container {Container} changed without an event")]
    private partial void LogMissed(string container);
}
