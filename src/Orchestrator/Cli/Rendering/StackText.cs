using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>The tables of <c>ls</c> and <c>history</c>.</summary>
internal static class StackText
{
    public static IEnumerable<string> Lines(ImmutableArray<StackView> stacks, Paint paint)
    {
        var table = new TextTable("STACK", "REVISION", "STATE", "SERVICES", "REPLICAS", "DETAIL");
        foreach (var stack in stacks)
        {
            var serving = $"{stack.ReplicasServing}/{stack.ReplicasDesired}";
            table.Add(
                stack.Stack,
                $"{stack.Revision}",
                new(stack.State, StackTone(stack.State)),
                $"{stack.Services}",
                new(serving, stack.ReplicasServing < stack.ReplicasDesired ? Tone.Busy : Tone.Plain),
                VisibleText.Line(Detail(stack)));
        }

        return table.Lines(paint);
    }

    private static string Detail(StackView stack)
    {
        var maintenance = stack.InMaintenance.IsEmpty ? null : $"in maintenance: {string.Join(", ", stack.InMaintenance)}";
        return string.Join("; ", new[] { maintenance, stack.Detail }.Where(d => !string.IsNullOrEmpty(d)));
    }

    public static IEnumerable<string> Lines(ImmutableArray<RevisionView> revisions, DateTimeOffset now, Paint paint)
    {
        var table = new TextTable("REVISION", "AGE", "STATE", "SERVICES", "DETAIL");
        foreach (var revision in revisions)
        {
            var services = string.Join(", ", revision.Services.Select(s => $"{s.Key} {Words.Image(s.Value.Image)} ×{s.Value.Replicas}"));
            table.Add(
                $"{revision.Revision}",
                DurationText.Age(now - revision.Created),
                new(revision.State, RevisionTone(revision.State)),
                services,
                VisibleText.Line(revision.Detail ?? ""));
        }

        return table.Lines(paint);
    }

    private static Tone StackTone(string state) => state switch
    {
        "stable" => Tone.Good,
        "updating" => Tone.Busy,
        "paused" or "degraded" => Tone.Bad,
        _ => Tone.Plain,
    };

    private static Tone RevisionTone(string state) => state switch
    {
        "current" => Tone.Good,
        "running" or "paused" => Tone.Busy,
        "failed" or "rolled-back" => Tone.Bad,
        "superseded" or "aborted" => Tone.Quiet,
        _ => Tone.Plain,
    };
}
