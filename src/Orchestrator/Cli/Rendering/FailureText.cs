using Orchestrator.Cli.Interaction;
using Orchestrator.Protocol;

namespace Orchestrator.Cli.Rendering;

/// <summary>Why a replica failed, with everything needed to understand it without a further command.</summary>
internal static class FailureText
{
    private const string Indent = "    ";

    public static IEnumerable<string> Lines(string replica, string host, FailureReport report, Paint paint)
    {
        yield return paint.Of(Tone.Bad, $"{replica} on {host}: failed {Stage(report.Stage)}: {VisibleText.Line(report.Message)}");
        if (report.OomKilled)
            yield return $"{Indent}killed for using more memory than its limit (OOM)";
        if (report.ExitCode is { } exitCode)
            yield return $"{Indent}exit code {exitCode}";
        if (report.ProbeOutput is not null || report.ProbeExitCode is not null)
        {
            var code = report.ProbeExitCode is { } probeExitCode ? $" (exit code {probeExitCode})" : "";
            yield return $"{Indent}last probe{code}:";
            foreach (var line in VisibleText.Lines(report.ProbeOutput ?? "").DefaultIfEmpty("(no output)"))
                yield return $"{Indent}{paint.Of(Tone.Quiet, "|")} {line}";
        }

        if (report.LogLines.Length > 0)
        {
            yield return $"{Indent}last log lines:";
            foreach (var line in report.LogLines.SelectMany(VisibleText.Lines))
                yield return $"{Indent}{paint.Of(Tone.Quiet, "|")} {line}";
        }
        else if (report.Stage is ReplicaStage.Gate or ReplicaStage.Monitor)
        {
            yield return $"{Indent}it has logged nothing";
        }
    }

    private static string Stage(ReplicaStage stage) => stage switch
    {
        ReplicaStage.Pull => "while its image was pulled",
        ReplicaStage.Create => "while it was created",
        ReplicaStage.Start => "while it was started",
        ReplicaStage.Gate => "before it was ready",
        ReplicaStage.Monitor => "while it was monitored",
        ReplicaStage.Traffic => "at the switch of the traffic",
        ReplicaStage.Stop => "while it was stopped",
        ReplicaStage.Host => "with its host",
    };
}
