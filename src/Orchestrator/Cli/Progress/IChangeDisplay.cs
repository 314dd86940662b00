using Orchestrator.Api;

namespace Orchestrator.Cli.Progress;

/// <summary>Shows a change while it goes on.</summary>
internal interface IChangeDisplay
{
    /// <summary>Holds the screen while <paramref name="follow"/> runs.</summary>
    Task RunAsync(Func<Task> follow);

    /// <summary>After the event has been applied to the <see cref="ChangeProgress"/>, whose gate the caller holds.</summary>
    void Show(ChangeEvent change);

    /// <summary>The last sentence; what to do next comes with it.</summary>
    void Conclude(ChangeConclusion conclusion);
}
