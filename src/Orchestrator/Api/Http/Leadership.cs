namespace Orchestrator.Api.Http;

/// <summary>Which coordinator answers now.</summary>
/// <param name="IsLeader">This one.</param>
/// <param name="Leader">Where the other one is; null while none is known.</param>
public sealed record Leadership(bool IsLeader, Uri? Leader)
{
    public static Leadership Alone { get; } = new(true, null);
}
