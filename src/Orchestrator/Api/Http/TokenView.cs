namespace Orchestrator.Api.Http;

/// <summary>A join token that can still be used, without its secret.</summary>
/// <param name="Role">agent, operator or viewer.</param>
public sealed record TokenView(string Id, string Role, DateTimeOffset Expires, int UsesLeft);
