using Microsoft.Extensions.Logging;

namespace Orchestrator.Traffic.Etcd;

internal sealed partial class EtcdSinkActor
{
    [LoggerMessage(3450, LogLevel.Information, "etcd: keys of {Stack} are as of version {Version}, {Changes} changed")]
    private partial void LogWritten(string stack, long version, int changes);

    [LoggerMessage(3451, LogLevel.Warning, "etcd: failure {Attempt}, tried again in {Seconds} s: {Reason}")]
    private partial void LogFailed(int attempt, double seconds, string reason);

    [LoggerMessage(3452, LogLevel.Warning, "etcd: the lease was lost, and with it the keys of {Stacks} stacks; they are written again")]
    private partial void LogLeaseLost(int stacks);

    [LoggerMessage(3453, LogLevel.Information, "etcd: keys of {Stack} removed, there is no such stack")]
    private partial void LogForgotten(string stack);
}
