namespace Orchestrator.Cli.Connections;

/// <summary>Which coordinator a command means.</summary>
/// <param name="Context"><c>--context</c>, else <c>ORCHESTRATOR_CONTEXT</c>; null takes the current context, and the local engine when there is none.</param>
/// <param name="Changes">False for a command that only reads: on the local engine it runs beside one that deploys.</param>
internal sealed record CoordinatorChoice(string? Context, bool Changes = false)
{
    /// <summary>The names that always mean the local engine, whatever contexts exist.</summary>
    public static readonly IReadOnlyList<string> LocalNames = ["local", "default"];

    public bool IsLocal => Context is not null && LocalNames.Contains(Context);
}
