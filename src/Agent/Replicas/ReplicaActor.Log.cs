using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

internal sealed partial class ReplicaActor
{
    [LoggerMessage(1200, LogLevel.Information, "{Key}: start asked for by {Command}")]
    private partial void LogStarting(ReplicaKey key, string command);

    [LoggerMessage(1201, LogLevel.Information, "{Key}: {Previous} → {Next}")]
    private partial void LogPhase(ReplicaKey key, ReplicaPhase? previous, ReplicaPhase next);

    [LoggerMessage(1202, LogLevel.Information, "{Key}: passed its gate {Elapsed} after the command")]
    private partial void LogPassed(ReplicaKey key, TimeSpan elapsed);

    [LoggerMessage(1203, LogLevel.Warning, "{Key}: failed at {Stage}: {Message}")]
    private partial void LogFailed(ReplicaKey key, ReplicaStage stage, string message);

    [LoggerMessage(1204, LogLevel.Information, "{Key}: the start is ended in phase {Phase} by a newer command")]
    private partial void LogAborted(ReplicaKey key, ReplicaPhase? phase);

    [LoggerMessage(1205, LogLevel.Information, "{Key}: container {Container} is removed and made anew: {Reason}")]
    private partial void LogReplacing(ReplicaKey key, string container, string reason);

    [LoggerMessage(1206, LogLevel.Information, "{Key}: stop asked for by {Command}, retain {Retain}")]
    private partial void LogStopping(ReplicaKey key, string command, bool retain);

    [LoggerMessage(1207, LogLevel.Information, "{Key}: stopped, retain {Retain}")]
    private partial void LogStopped(ReplicaKey key, bool retain);

    [LoggerMessage(1208, LogLevel.Warning, "{Key}: did not stop in time and is killed: {Reason}")]
    private partial void LogKilling(ReplicaKey key, string reason);

    [LoggerMessage(1210, LogLevel.Warning, "{Key}: the name {Name} is taken by a container that is not ours; it is called {Other}")]
    private partial void LogOtherName(ReplicaKey key, string name, string other);

    [LoggerMessage(1211, LogLevel.Warning, "{Key}: started again {Restarts} times, max_attempts is {Max}: once it ends again, it stays so")]
    private partial void LogBudgetSpent(ReplicaKey key, int restarts, int max);

    [LoggerMessage(1213, LogLevel.Information, "{Key}: ran for its window since it was last started again: its restarts are allowed anew")]
    private partial void LogBudgetBack(ReplicaKey key);

    [LoggerMessage(1212, LogLevel.Warning, "{Key}: its restart policy could not be changed: {Error}")]
    private partial void LogBudgetNotSpent(ReplicaKey key, string error);

    [LoggerMessage(1209, LogLevel.Warning, "{Key}: the failed container could not be stopped: {Reason}")]
    private partial void LogNotStopped(ReplicaKey key, string reason);
}
