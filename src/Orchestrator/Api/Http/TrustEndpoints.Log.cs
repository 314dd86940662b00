using System.Net;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Api.Http;

internal sealed partial class TrustEndpoints
{
    [LoggerMessage(2120, LogLevel.Information, "{Role} {Name} joined with token {Token} from {Address}")]
    private partial void LogJoined(string role, string name, string token, IPAddress? address);

    [LoggerMessage(2121, LogLevel.Information, "{Role} {Name} renewed its certificate")]
    private partial void LogRenewed(string role, string name);
}
