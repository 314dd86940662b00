using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;

namespace Orchestrator.Agent;

public sealed partial class AgentActor
{
    [LoggerMessage(1000, LogLevel.Information, "Host {Host}: link up")]
    private partial void LogLinkUp(string host);

    [LoggerMessage(1001, LogLevel.Warning, "Host {Host}: link down: {Reason}")]
    private partial void LogLinkDown(string host, string reason);

    [LoggerMessage(1002, LogLevel.Debug, "Command {Kind} {Command}")]
    private partial void LogCommand(string kind, string command);

    [LoggerMessage(1003, LogLevel.Warning, "A command of kind {Kind} is not known to this agent; upgrade it")]
    private partial void LogUnknownCommand(string kind);

    [LoggerMessage(1004, LogLevel.Warning, "Container {Container} carries our stack's label but names no replica; it is left alone")]
    private partial void LogNoReplica(string container);

    [LoggerMessage(1005, LogLevel.Information, "{Key}: {Previous} → {Next}, health {Health}")]
    private partial void LogState(ReplicaKey key, ReplicaState? previous, ReplicaState next, ReplicaHealth health);

    [LoggerMessage(1006, LogLevel.Warning, "Host {Host}: what shows traffic was restarted; the coordinator is asked for every stack's table again")]
    private partial void LogTrafficForgotten(string host);
}
