namespace Orchestrator.Probing;

/// <summary>One request of a probe and how it ended.</summary>
/// <param name="At">When it was sent.</param>
/// <param name="Latency">To the end of the answer, or to the failure.</param>
/// <param name="Url">Its place in <see cref="ProbeOptions.Urls"/>.</param>
/// <param name="Failure">Null: an expected answer.</param>
/// <param name="Status">Null: no whole answer.</param>
public readonly record struct ProbeOutcome(DateTimeOffset At, TimeSpan Latency, int Url, int? Status, string? Failure, string? AnsweredBy)
{
    public DateTimeOffset Ended => At + Latency;
}
