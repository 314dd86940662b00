namespace Orchestrator.Cli.Interaction;

/// <summary>What a piece of text means; <see cref="Paint"/> decides how that looks.</summary>
internal enum Tone
{
    Plain,
    Good,
    Bad,
    Busy,
    Quiet,
    Strong,
}
