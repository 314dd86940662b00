using System.Net;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Api.Http;

internal sealed partial class ApiGate
{
    [LoggerMessage(2100, LogLevel.Warning, "Refused {Address}: {Reason}")]
    private partial void LogRefused(IPAddress? address, string reason);

    [LoggerMessage(2101, LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFault(Exception exception, string method, string path);
}
