using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Networks;

internal sealed partial class NetworksActor
{
    [LoggerMessage(1400, LogLevel.Information, "Network {Network}: created")]
    private partial void LogNetworkCreated(string network);

    [LoggerMessage(1401, LogLevel.Information, "Volume {Volume}: created")]
    private partial void LogVolumeCreated(string volume);
}
