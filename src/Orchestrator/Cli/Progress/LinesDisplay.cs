using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Progress;

/// <summary>One line per event, for logs and pipes; or, when quiet, only what failed.</summary>
internal sealed class LinesDisplay(Voice voice, bool quiet) : IChangeDisplay
{
    private readonly Dictionary<(string Service, int Slot), ChangeEvent.ReplicaMoved> _last = [];

    public Task RunAsync(Func<Task> follow) => follow();

    public void Show(ChangeEvent change)
    {
        if (quiet && change is not ChangeEvent.ReplicaFailed)
            return;
        if (change is ChangeEvent.ReplicaMoved moved && IsRepetition(moved))
            return;
        foreach (var line in ProgressText.Lines(change, voice.ErrorPaint))
            voice.Say(line);
    }

    /// <summary>A coordinator may report a step again, as when it repeats a command; a line would say nothing new.</summary>
    private bool IsRepetition(ChangeEvent.ReplicaMoved moved)
    {
        var repeats = _last.TryGetValue((moved.Service, moved.Slot), out var last) && last with { At = moved.At } == moved;
        _last[(moved.Service, moved.Slot)] = moved;
        return repeats;
    }

    public void Conclude(ChangeConclusion conclusion) => Conclude(voice, conclusion, quiet);

    /// <summary>Success is the command's data; anything else is an error and says what to do next.</summary>
    internal static void Conclude(Voice voice, ChangeConclusion conclusion, bool quiet)
    {
        if (conclusion.ExitCode == ExitCode.Done)
        {
            if (quiet)
                return;
            voice.Data(voice.OutPaint.Of(Tone.Good, conclusion.Sentence));
        }
        else
        {
            voice.Fail(conclusion.Sentence);
        }

        foreach (var detail in conclusion.Details)
            voice.Say("  " + detail);
        foreach (var next in conclusion.Next)
            voice.Say("  " + next);
    }
}
