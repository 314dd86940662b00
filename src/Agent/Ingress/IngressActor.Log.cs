using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Ingress;

internal sealed partial class IngressActor
{
    [LoggerMessage(1700, LogLevel.Information, "Ingress: {Deed}")]
    private partial void LogDeed(string deed);

    [LoggerMessage(1701, LogLevel.Information, "Ingress shows traffic {Number}")]
    private partial void LogApplied(long number);

    [LoggerMessage(1702, LogLevel.Warning, "Ingress does not show traffic {Number} yet: {Problem}")]
    private partial void LogHindered(long number, string problem);

    [LoggerMessage(1703, LogLevel.Error, "Ingress: a look at it failed unexpectedly")]
    private partial void LogFault(Exception error);

    [LoggerMessage(1704, LogLevel.Warning, "Ingress leaves out what is not to be had of stack {Stack}: {Problem}")]
    private partial void LogRefused(string stack, string problem);
}
