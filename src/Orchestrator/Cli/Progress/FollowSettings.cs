namespace Orchestrator.Cli.Progress;

internal enum DisplayKind
{
    /// <summary>Live on a terminal, lines otherwise.</summary>
    Automatic,
    Json,

    /// <summary>Errors only.</summary>
    Quiet,
}

/// <param name="Detach">Ends as soon as the change is accepted; needs a fleet.</param>
/// <param name="Timeout">Null waits for as long as the change takes.</param>
/// <param name="Proof">Null: nothing is probed.</param>
internal sealed record FollowSettings(DisplayKind Display, bool Detach, TimeSpan? Timeout, ProofSettings? Proof = null);
