using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Networks;

internal sealed partial class NetworksActor
{
    [LoggerMessage(1400, LogLevel.Information, "Network {Network}: created")]
    private partial void LogNetworkCreated(string network);

    [LoggerMessage(1401, LogLevel.Information, "Volume {Volume}: created")]
    private partial void LogVolumeCreated(string volume);

    [LoggerMessage(1402, LogLevel.Warning, "Networks that span hosts are not all as they should be; tried again every 10 s: {Reason}")]
    private partial void LogVerifyFailed(string reason);

    [LoggerMessage(1403, LogLevel.Information, "Network {Network}: removed, for its stack has it no longer and nothing uses it")]
    private partial void LogNetworkRemoved(string network);

    [LoggerMessage(1404, LogLevel.Debug, "Network {Network}: not removed yet: {Reason}")]
    private partial void LogNetworkNotRemoved(string network, string reason);
}
