using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Templates;

internal sealed partial class TemplateActor
{
    [LoggerMessage(1850, LogLevel.Information, "Template {Resource}: {Destination} written, loaded {IsReloaded} (traffic {Number})")]
    private partial void LogWritten(string resource, string destination, bool isReloaded, long number);

    [LoggerMessage(1851, LogLevel.Information, "Template {Resource}: the reload that was owed for {Destination} has succeeded (traffic {Number})")]
    private partial void LogReloaded(string resource, string destination, long number);

    [LoggerMessage(1852, LogLevel.Warning, "Template {Resource}: {Destination} was changed by another hand and is written again; change the template instead")]
    private partial void LogEdited(string resource, string destination);

    [LoggerMessage(1853, LogLevel.Warning, "Template {Resource}: failure {Attempt}, tried again in {Pause}: {Reason}")]
    private partial void LogFailed(string resource, int attempt, string pause, string reason);
}
