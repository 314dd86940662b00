using Microsoft.Extensions.Logging;

namespace Orchestrator.Traffic;

internal sealed partial class StackTrafficActor
{
    [LoggerMessage(3401, LogLevel.Information, "traffic of {Stack}: table {Version} with {Serving} serving and {Draining} draining endpoints")]
    private partial void LogTable(string stack, long version, int serving, int draining);

    [LoggerMessage(3402, LogLevel.Warning, "traffic of {Stack}: host {Host} cannot show it yet: {Sink}: {Problem}")]
    private partial void LogProblem(string stack, string host, string sink, string problem);

    [LoggerMessage(3403, LogLevel.Error, "traffic of {Stack}: its table could not be made or stored, try {Try}; hosts keep the last one, and it is tried again")]
    private partial void LogFailed(Exception cause, string stack, int @try);
}
