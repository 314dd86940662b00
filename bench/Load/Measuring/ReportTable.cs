using System.Globalization;
using System.Text;

namespace Orchestrator.Load.Measuring;

/// <summary>The report for a reader.</summary>
internal static class ReportTable
{
    public static string Render(LoadReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{"",-28} {"requests",10} {"failures",9} {"per s",9} {"p50 ms",8} {"p95 ms",8} {"p99 ms",8} {"max ms",9} {"gap ms",8}");
        foreach (var meter in (MeterReport[])[.. report.Kinds, .. report.Targets, report.Total])
        {
            Line(text, $"{meter.Name,-28} {meter.Requests,10} {meter.Failures,9} {meter.PerSecond,9:0.0} {meter.P50Ms,8:0.00} {meter.P95Ms,8:0.00} {meter.P99Ms,8:0.00} {meter.MaxMs,9:0.0} {meter.LongestGapMs,8:0}");
        }
        Line(text, $"{report.Seconds:0.0} s; {report.Moved} WebSockets moved, {report.Reconnects} reconnects, {report.Skipped} skipped; this program used {report.CpuSeconds:0.0} s of CPU");
        Line(text, $"answers by version: {string.Join(", ", report.Versions.Select(v => $"{v.Key} {v.Value}"))}");
        if (report.Total.Failures > 0)
            Line(text, $"failures by reason: {string.Join(", ", report.Total.Reasons.Select(r => $"{r.Key} {r.Value}"))}");
        foreach (var failure in report.FirstFailures)
            Line(text, $"  {failure.Seconds,8:0.000}s {failure.Kind} {failure.Url} {failure.Reason}: {failure.Detail} {failure.Replica}");
        return text.ToString().TrimEnd();
    }

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
