using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Progress;

/// <summary>One line per event, for logs and pipes; or, when quiet, only what failed.</summary>
internal sealed class LinesDisplay(Voice voice, bool quiet) : IChangeDisplay
{
    public Task RunAsync(Func<Task> follow) => follow();

    public void Show(ChangeEvent change)
    {
        if (quiet && change is not ChangeEvent.ReplicaFailed)
            return;
        foreach (var line in ProgressText.Lines(change, voice.ErrorPaint))
            voice.Say(line);
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
