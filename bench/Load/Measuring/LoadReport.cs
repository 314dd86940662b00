namespace Orchestrator.Load.Measuring;

/// <summary>What a run of the load generator has measured.</summary>
/// <param name="Seconds">From the first request until the load was told to stop; the drain after it is not in.</param>
/// <param name="Total">Everything; its latencies are those of <see cref="RequestKind.KeepAlive"/> and <see cref="RequestKind.NewConnection"/> alone.</param>
/// <param name="Moved">WebSockets closed with 1001 whose client then got another at once: told to move, not failed.</param>
/// <param name="Reconnects">Kept connections that the other side closed while idle or after an answer that said so.</param>
/// <param name="Skipped">Requests never sent, because all connections were busy for longer than a second.</param>
/// <param name="CpuSeconds">This program's own.</param>
/// <param name="Versions">Answers by the version that gave them.</param>
/// <param name="FirstFailures">The first few; the failures file has them all up to its bound.</param>
public sealed record LoadReport(
    DateTimeOffset StartedAt,
    double Seconds,
    MeterReport Total,
    IReadOnlyList<MeterReport> Kinds,
    IReadOnlyList<MeterReport> Targets,
    long Moved,
    long Reconnects,
    long Skipped,
    double CpuSeconds,
    IReadOnlyDictionary<string, long> Versions,
    IReadOnlyList<Failure> FirstFailures);
