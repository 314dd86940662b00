using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>The lines of <c>events</c>.</summary>
internal static class EventText
{
    private const string Indent = "    ";

    /// <summary>One line, and under a failure what the replica said.</summary>
    public static IEnumerable<string> Lines(StackEvent happened, bool withStack, Paint paint)
    {
        var time = happened.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var stack = withStack ? $"{happened.Stack}  " : "";
        yield return $"{paint.Of(Tone.Quiet, time)}  {stack}{paint.Of(ToneOf(happened.Kind), VisibleText.Line(happened.Message))}";
        if (happened.Report is not { } report)
            yield break;
        if (report.ExitCode is { } code)
            yield return $"{Indent}exit code {code}{(report.OomKilled ? ", out of memory" : "")}";
        foreach (var line in VisibleText.Lines(report.ProbeOutput ?? ""))
            yield return $"{Indent}{paint.Of(Tone.Quiet, "probe |")} {line}";
        foreach (var line in report.LogLines.SelectMany(VisibleText.Lines))
            yield return $"{Indent}{paint.Of(Tone.Quiet, "log   |")} {line}";
    }

    private static Tone ToneOf(StackEventKind kind) => kind switch
    {
        StackEventKind.ReplicaFailed or StackEventKind.CrashLoop or StackEventKind.HostLost or StackEventKind.EngineLost or StackEventKind.ChangePaused or StackEventKind.Fault => Tone.Bad,
        StackEventKind.Warning or StackEventKind.RollbackBegan or StackEventKind.RepairBegan or StackEventKind.Held => Tone.Busy,
        StackEventKind.ChangeBegan or StackEventKind.ChangeEnded => Tone.Strong,
        StackEventKind.Asked or StackEventKind.Planned or StackEventKind.ServiceBegan or StackEventKind.ServiceEnded or StackEventKind.BatchBegan
            or StackEventKind.Replica or StackEventKind.RepairEnded or StackEventKind.HostReturned or StackEventKind.EngineReturned or StackEventKind.ChangeTakenUp or StackEventKind.Maintenance => Tone.Plain,
    };
}
