using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Templates;

internal sealed partial class TemplatesActor
{
    [LoggerMessage(1855, LogLevel.Information, "Templates of {Folder}: {Resources}")]
    private partial void LogRead(string folder, string resources);

    [LoggerMessage(1856, LogLevel.Warning, "Template {Resource} is not used: {Reason}")]
    private partial void LogRefused(string resource, string reason);
}
