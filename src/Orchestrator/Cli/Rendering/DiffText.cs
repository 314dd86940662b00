using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>What differs between two revisions, part by part.</summary>
internal static class DiffText
{
    public static IEnumerable<string> Lines(StackDiff diff, Paint paint)
    {
        if (diff.Parts.IsEmpty)
        {
            yield return $"{diff.Stack}: {diff.From} and {diff.To} are the same";
            yield break;
        }

        yield return $"{diff.Stack}: {diff.From} → {diff.To}";
        foreach (var part in diff.Parts)
        {
            yield return $"  {paint.Of(ToneOf(part.Change), $"{Sign(part.Change)} {part.Kind} {VisibleText.Line(part.Name)}")}{(part.Change == "changed" ? "" : $" {part.Change}")}";
            foreach (var key in part.Keys)
                yield return $"    {paint.Of(ToneOf(key.Change), $"{Sign(key.Change)} {VisibleText.Line(key.Key)}")}{Values(key)}";
        }
    }

    private static string Values(KeyDiff key) => key switch
    {
        { Before: { } before, After: { } after } => $": {VisibleText.Line(before)} → {VisibleText.Line(after)}",
        { Before: { } before, Change: "removed" } => $": {VisibleText.Line(before)}",
        { After: { } after, Change: "added" } => $": {VisibleText.Line(after)}",
        _ => "",
    };

    private static char Sign(string change) => change switch
    {
        "added" => '+',
        "removed" => '-',
        _ => '~',
    };

    private static Tone ToneOf(string change) => change switch
    {
        "added" => Tone.Good,
        "removed" => Tone.Bad,
        _ => Tone.Busy,
    };
}
