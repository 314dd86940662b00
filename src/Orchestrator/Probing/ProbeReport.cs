using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Orchestrator.Probing;

/// <summary>What a probe saw of a change; also the last line of <c>deploy --probe --json</c>.</summary>
public sealed record ProbeReport
{
    [JsonPropertyOrder(-1)]
    public string Type => "proof";

    /// <summary>Failures stayed within <see cref="MaxFailures"/>, and each URL answered.</summary>
    public required bool Held { get; init; }

    public required DateTimeOffset Began { get; init; }

    public required DateTimeOffset Ended { get; init; }

    /// <summary>Requests per second that were asked for.</summary>
    public required double Rate { get; init; }

    public required ProbeConnections Connections { get; init; }

    public required long Requests { get; init; }

    /// <summary>Those that count; see <see cref="NotCounted"/>.</summary>
    public required long Failed { get; init; }

    public required long MaxFailures { get; init; }

    /// <summary>Failures before a URL's first answer on a stack that did not run yet.</summary>
    public required long NotCounted { get; init; }

    /// <summary>Scheduled, but not sent: this process was held up for longer than it may catch up.</summary>
    public required long NotSent { get; init; }

    /// <summary>The longest time without an expected answer from any URL.</summary>
    public required ProbeGap LongestGap { get; init; }

    public required ProbePhase Before { get; init; }

    public required ProbePhase During { get; init; }

    public required ProbePhase After { get; init; }

    public required ImmutableArray<ProbeUrl> Urls { get; init; }

    /// <summary>In the order they began.</summary>
    public required ImmutableArray<ProbeBatch> Batches { get; init; }

    /// <summary>The first <see cref="ProbeRecorder.FailuresMax"/> of those that count.</summary>
    public required ImmutableArray<ProbeFailure> Failures { get; init; }

    /// <summary>Who answered how often, where a response header told it.</summary>
    public required ImmutableSortedDictionary<string, long> AnsweredBy { get; init; }

    public required ImmutableArray<ProbeStep> Timeline { get; init; }
}

/// <param name="From">Null: there was none.</param>
public sealed record ProbeGap(double Ms, DateTimeOffset? From);

/// <summary>Latencies are of expected answers; failures have none that could be compared.</summary>
public sealed record ProbePhase(long Requests, long Failed, double P50Ms, double P95Ms, double P99Ms, double MaxMs);

/// <param name="FirstAnswer">Null: it never gave an expected answer.</param>
public sealed record ProbeUrl(string Url, long Requests, long Failed, ProbeGap LongestGap, DateTimeOffset? FirstAnswer);

/// <param name="Batch">From 1; 0 for what a service did outside of batches.</param>
/// <param name="Requests">Sent while the batch was under way.</param>
public sealed record ProbeBatch(string Service, int Batch, int Batches, DateTimeOffset Began, DateTimeOffset Ended, long Requests, long Failed, ImmutableArray<ProbeCutover> Cutovers);

/// <param name="At">When the news of it came, by the clock of the machine that probes.</param>
/// <param name="Failed">Of the requests sent between it and the next of all cutovers.</param>
public sealed record ProbeCutover(DateTimeOffset At, CutoverKind What, string Service, int Slot, string Host, string Revision, long Failed);

/// <param name="LatencyMs">Until it was clear.</param>
public sealed record ProbeFailure(DateTimeOffset At, string Url, string Reason, double LatencyMs, string? AnsweredBy);

/// <param name="FromSecond">Since the probe began.</param>
/// <param name="SlowestMs">Of expected answers.</param>
public sealed record ProbeStep(int FromSecond, int Seconds, long Requests, long Failed, double SlowestMs);
