using System.CommandLine;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli;

/// <summary>One run of one command.</summary>
internal sealed class Invocation(ParseResult arguments, CliServices services, GlobalOptions globals)
{
    public ParseResult Arguments { get; } = arguments;

    public CliServices Services { get; } = services;

    public Voice Voice { get; } = new(services.Terminal, color: !arguments.GetValue(globals.NoColor));

    public bool Verbose { get; } = arguments.GetValue(globals.Verbose);

    /// <summary>Cancelled by the first Ctrl-C.</summary>
    public CancellationToken Interrupted => Services.Interrupts.Asked;

    public CoordinatorChoice Choice
    {
        get
        {
            var name = Arguments.GetValue(globals.Context) ?? Services.Environment(GlobalOptions.ContextVariable);
            return new CoordinatorChoice(string.IsNullOrWhiteSpace(name) ? null : name);
        }
    }

    /// <param name="changes">The command makes a change, rather than only looking.</param>
    public Task<CoordinatorConnection> OpenAsync(bool changes = false) => Services.Coordinators.OpenAsync(Choice with { Changes = changes }, Interrupted);

    /// <summary>A command line for hints, with the context this run was given, so that it can be pasted.</summary>
    public string Hint(string command) =>
        Arguments.GetValue(globals.Context) is { Length: > 0 } context ? $"orchestrator --context {context} {command}" : $"orchestrator {command}";
}
