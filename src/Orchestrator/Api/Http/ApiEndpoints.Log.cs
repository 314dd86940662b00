using Microsoft.Extensions.Logging;

namespace Orchestrator.Api.Http;

internal sealed partial class ApiEndpoints
{
    [LoggerMessage(2110, LogLevel.Information, "Operator {Operator}: {Change} of stack {Stack}")]
    private partial void LogChange(string @operator, string change, string stack);

    [LoggerMessage(2111, LogLevel.Information, "Operator {Operator}: host {Host} removed, its certificates revoked")]
    private partial void LogHostRemoved(string @operator, string host);

    [LoggerMessage(2112, LogLevel.Information, "Operator {Operator}: join token {Token} made for role {Role}")]
    private partial void LogTokenCreated(string @operator, string token, string role);

    [LoggerMessage(2113, LogLevel.Information, "Operator {Operator}: join token {Token} revoked")]
    private partial void LogTokenRevoked(string @operator, string token);

    [LoggerMessage(2114, LogLevel.Information, "Operator {Operator}: maintenance of {Stack}/{Service} {State}")]
    private partial void LogMaintenance(string @operator, string stack, string service, string state);
}
