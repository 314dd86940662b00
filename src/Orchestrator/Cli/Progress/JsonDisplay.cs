using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Progress;

/// <summary>Each event as one line of JSON on standard output. The last sentence is in the event <c>ended</c>, so only what follows no event is said.</summary>
internal sealed class JsonDisplay(Voice voice) : IChangeDisplay
{
    private bool _ended;

    public Task RunAsync(Func<Task> follow) => follow();

    public void Show(ChangeEvent change)
    {
        _ended |= change is ChangeEvent.Ended;
        voice.JsonLine(change, ApiJson.Default.ChangeEvent);
    }

    public void Conclude(ChangeConclusion conclusion)
    {
        if (_ended || conclusion.ExitCode == ExitCode.Done)
            return;
        voice.Fail(conclusion.Sentence);
        foreach (var detail in conclusion.Details)
            voice.Say("  " + detail);
    }
}
