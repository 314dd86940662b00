namespace Orchestrator.Protocol;

/// <summary>A refusal over HTTP (RFC 9457, <c>application/problem+json</c>).</summary>
/// <param name="Kind">invalid, not-found, unreachable, denied, conflict or internal.</param>
/// <param name="Detail">What, where, why, and what to do next.</param>
public sealed record LinkProblem(string Kind, int Status, string Title, string Detail)
{
    public const string ContentType = "application/problem+json";
}
