using System.Globalization;
using Orchestrator.Cli.Interaction;
using Orchestrator.Probing;

namespace Orchestrator.Cli.Rendering;

/// <summary>The report of <c>deploy --probe</c>.</summary>
internal static class ProofText
{
    /// <summary>Failures shown one by one; the others are in the JSON, up to a thousand.</summary>
    private const int FailuresShown = 10;

    public static string Begins(ProbeOptions options, TimeSpan before) =>
        string.Create(CultureInfo.InvariantCulture, $"probe: {options.Rate:0.##} requests a second to {string.Join(", ", options.Urls.Select(u => u.AbsoluteUri))}; the change begins after {DurationText.Of(before)}");

    public static IEnumerable<string> Lines(ProbeReport report, Paint paint)
    {
        var failed = paint.Of(report.Failed > 0 ? Tone.Bad : Tone.Good, $"{Number(report.Failed)} failed");
        yield return $"proof: {Number(report.Requests)} requests over {DurationText.Of(report.Ended - report.Began)} to {string.Join(", ", report.Urls.Select(u => u.Url))}   {failed}   longest gap {Gap(report.LongestGap)}";
        foreach (var line in Notes(report))
            yield return line;
        foreach (var line in Latencies(report, paint))
            yield return line;
        if (report.Urls.Length > 1)
        {
            foreach (var url in report.Urls)
                yield return $"{url.Url}   {Number(url.Requests)} requests   {Number(url.Failed)} failed   longest gap {Gap(url.LongestGap)}";
        }

        foreach (var batch in report.Batches)
            yield return Batch(batch, paint);
        foreach (var line in Failures(report, paint))
            yield return line;
        if (report.AnsweredBy.Count > 0)
            yield return $"answered by: {string.Join(", ", report.AnsweredBy.Select(a => $"{VisibleText.Line(a.Key)} {Number(a.Value)}"))}";
    }

    /// <summary><c>0.4 ms</c>, <c>52 ms</c>, <c>1.2 s</c>.</summary>
    public static string Ms(double milliseconds) => milliseconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms"),
        _ => DurationText.Of(TimeSpan.FromMilliseconds(milliseconds)),
    };

    private static IEnumerable<string> Notes(ProbeReport report)
    {
        foreach (var url in report.Urls.Where(u => u.FirstAnswer is null))
            yield return $"{url.Url} never gave an expected answer";
        if (report.NotCounted > 0)
            yield return $"not counted: {Number(report.NotCounted)} failures before the first answer of a stack that did not run yet";
        if (report.NotSent > 0)
            yield return $"not sent: {Number(report.NotSent)} requests, because this machine was held up";
    }

    private static IEnumerable<string> Latencies(ProbeReport report, Paint paint)
    {
        var table = new TextTable("", "requests", "failed", "p50", "p95", "p99", "max");
        foreach (var (name, phase) in new[] { ("before", report.Before), ("during", report.During), ("after", report.After) })
        {
            var answered = phase.Requests > 0 && phase.MaxMs > 0;
            string Of(double ms) => answered ? Ms(ms) : "-";
            table.Add(name, Number(phase.Requests), new(Number(phase.Failed), phase.Failed > 0 ? Tone.Bad : Tone.Plain), Of(phase.P50Ms), Of(phase.P95Ms), Of(phase.P99Ms), Of(phase.MaxMs));
        }

        return table.Lines(paint);
    }

    private static string Batch(ProbeBatch batch, Paint paint)
    {
        var name = batch.Batch == 0 ? batch.Service : $"{batch.Service} batch {batch.Batch} of {batch.Batches}";
        var cutovers = batch.Cutovers.Select(c =>
            $"{c.Service}.{c.Slot} {Words.Short(c.Revision)} on {c.Host} {Word(c.What)} {Time(c.At)}{(c.Failed > 0 ? paint.Of(Tone.Bad, $" ({Number(c.Failed)} failed after it)") : "")}");
        var failed = paint.Of(batch.Failed > 0 ? Tone.Bad : Tone.Plain, $"{Number(batch.Failed)} failed of {Number(batch.Requests)}");
        return $"{name}  {Time(batch.Began)} to {Time(batch.Ended)}  {string.Join(", ", cutovers.DefaultIfEmpty("no cutover"))}   {failed}";
    }

    private static IEnumerable<string> Failures(ProbeReport report, Paint paint)
    {
        foreach (var failure in report.Failures.Take(FailuresShown))
        {
            var by = failure.AnsweredBy is { } name ? $", by {VisibleText.Line(name)}" : "";
            yield return $"{paint.Of(Tone.Bad, "failed")} {Time(failure.At)} {failure.Url}: {VisibleText.Line(failure.Reason)}{by}, after {Ms(failure.LatencyMs)}";
        }

        if (report.Failed > FailuresShown)
            yield return $"and {Number(report.Failed - Math.Min(FailuresShown, report.Failures.Length))} further failures; --json has the first {Number(ProbeRecorder.FailuresMax)}";
    }

    private static string Gap(ProbeGap gap) => gap.From is { } from ? $"{Ms(gap.Ms)} from {Time(from)}" : "-";

    /// <summary>UTC, as in logs.</summary>
    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Word(CutoverKind kind) => kind switch
    {
        CutoverKind.Passed => "passed",
        CutoverKind.Published => "published",
        CutoverKind.Drained => "drained",
        CutoverKind.Stopping => "stopping",
        CutoverKind.Stopped => "stopped",
        CutoverKind.Removed => "removed",
        CutoverKind.Failed => "failed",
    };
}
