namespace Orchestrator.Load.Measuring;

/// <param name="LongestGapMs">The longest time in which not one answer came, from the start of the load to its end.</param>
/// <param name="Reasons">Failures by reason.</param>
public sealed record MeterReport(
    string Name,
    long Requests,
    long Failures,
    double PerSecond,
    double P50Ms,
    double P95Ms,
    double P99Ms,
    double MaxMs,
    double LongestGapMs,
    IReadOnlyDictionary<string, long> Reasons);
