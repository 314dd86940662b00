namespace Orchestrator.Cli.Progress;

/// <summary>How following a change ended.</summary>
/// <param name="ExitCode">See <see cref="Cli.ExitCode"/>.</param>
/// <param name="Sentence">Outcome, revision, how long it took.</param>
/// <param name="Details">Further lines: what is pending.</param>
/// <param name="Next">What to do next; commands that can be pasted.</param>
internal sealed record ChangeConclusion(int ExitCode, string Sentence, IReadOnlyList<string> Details, IReadOnlyList<string> Next);
