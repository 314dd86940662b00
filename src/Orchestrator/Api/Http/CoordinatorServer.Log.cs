using Microsoft.Extensions.Logging;

namespace Orchestrator.Api.Http;

public sealed partial class CoordinatorServer
{
    [LoggerMessage(2102, LogLevel.Information, "Listening on {Endpoints}; authority {Digest}")]
    private partial void LogListening(string endpoints, string digest);

    [LoggerMessage(2103, LogLevel.Information, "Stopped listening")]
    private partial void LogStopped();
}
