using Microsoft.Extensions.Logging;

namespace Orchestrator.Networks;

internal sealed partial class NetworkAllocationActor
{
    [LoggerMessage(2600, LogLevel.Information, "Network {Network}: allocated {Subnet}, VNI {Vni}")]
    private partial void LogAllocated(string network, string subnet, int vni);

    [LoggerMessage(2601, LogLevel.Information, "Network {Network}: {Subnet} is free again")]
    private partial void LogFreed(string network, string subnet);

    [LoggerMessage(2602, LogLevel.Warning, "Networks of stack {Stack} refused: {Reason}")]
    private partial void LogRefused(string stack, string reason);
}
