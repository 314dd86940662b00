using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Images;

internal sealed partial class ImagesActor
{
    [LoggerMessage(1300, LogLevel.Information, "Image {Reference}: pulling, try {Attempt}")]
    private partial void LogPulling(string reference, int attempt);

    [LoggerMessage(1301, LogLevel.Warning, "Image {Reference}: try {Attempt} of the pull failed: {Error}")]
    private partial void LogPullFailed(string reference, int attempt, string error);

    [LoggerMessage(1302, LogLevel.Information, "Image {Reference}: nobody waits for it any longer, the pull is given up")]
    private partial void LogReleased(string reference);

    [LoggerMessage(1303, LogLevel.Warning, "The login for registry {Registry} cannot be read, going on without: {Error}")]
    private partial void LogNoLogin(string registry, string error);

    [LoggerMessage(1304, LogLevel.Information, "Image {Reference}: not resolved by its registry: {Error}")]
    private partial void LogNotResolved(string reference, string error);
}
