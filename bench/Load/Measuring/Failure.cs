namespace Orchestrator.Load.Measuring;

/// <summary>One failed request.</summary>
/// <param name="Seconds">Since the load began.</param>
/// <param name="Replica">That answered last on this connection, if one had.</param>
public sealed record Failure(DateTimeOffset At, double Seconds, string Kind, string Url, string Reason, string Detail, string Replica);
