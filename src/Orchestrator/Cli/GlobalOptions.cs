using System.CommandLine;

namespace Orchestrator.Cli;

/// <summary>What every command takes.</summary>
internal sealed class GlobalOptions
{
    public const string ContextVariable = "ORCHESTRATOR_CONTEXT";

    public Option<string?> Context { get; } = new("--context")
    {
        Description = $"The coordinator to ask, by its context's name; \"local\" is this machine's engine. Default: ${ContextVariable}, else the current context",
        HelpName = "name",
        Recursive = true,
    };

    public Option<bool> Verbose { get; } = new("--verbose") { Description = "Show stack traces of errors", Recursive = true };

    public Option<bool> NoColor { get; } = new("--no-color") { Description = "No colours and no live display (as NO_COLOR=1 or TERM=dumb)", Recursive = true };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(Context);
        root.Options.Add(Verbose);
        root.Options.Add(NoColor);
    }
}
