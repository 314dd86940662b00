using Microsoft.Extensions.Logging;
using Orchestrator.Planning;

namespace Orchestrator.Fleet;

internal sealed partial class HostActor
{
    [LoggerMessage(3001, LogLevel.Information, "host {Host}: {Previous} → connected, waiting for its inventory")]
    private partial void LogConnected(string host, HostState previous);

    [LoggerMessage(3002, LogLevel.Warning, "host {Host}: → disconnected: {Reason}")]
    private partial void LogDisconnected(string host, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "host {Host}: disconnected → down after {After}; {Commands} commands are lost")]
    private partial void LogDown(string host, TimeSpan after, int commands);

    [LoggerMessage(3004, LogLevel.Information, "host {Host}: → ready with {Replicas} replicas; {Commands} commands are sent again")]
    private partial void LogReady(string host, int replicas, int commands);
}
