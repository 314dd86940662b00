using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Orchestrator.Cli.Commands;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli;

/// <summary>The whole command line: its commands, and what a word it does not know leads to.</summary>
internal sealed class CommandLine
{
    private readonly CliServices _services;
    private readonly GlobalOptions _globals = new();
    private readonly Option<bool> _version = new("--version") { Description = "Show this program's version" };

    public CommandLine(CliServices services)
    {
        _services = services;
        Root = new RootCommand("Deploys stacks of containers on one host or many, without downtime.");
        // The library's own version option reads the entry assembly by reflection.
        foreach (var option in Root.Options.OfType<VersionOption>().ToArray())
            Root.Options.Remove(option);
        Root.Options.Add(_version);
        _globals.AddTo(Root);
        foreach (var command in Commands())
            Root.Subcommands.Add(command);
        Root.SetAction(Bare);
    }

    public RootCommand Root { get; }

    public async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        var arguments = Root.Parse(words);
        var invocation = new InvocationConfiguration
        {
            Output = _services.Terminal.Out,
            Error = _services.Terminal.Error,
            // Signals are ours: the first Ctrl-C asks, the second ends.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        var wrong = arguments.Action is ParseErrorAction ? arguments.Errors.Select(e => e.Message).Distinct().ToArray() : UnknownOptions(arguments);
        return wrong.Length > 0 ? Refuse(arguments, wrong) : await arguments.InvokeAsync(invocation).ConfigureAwait(false);
    }

    private IEnumerable<Command> Commands() =>
    [
        new DeployCommand(_services, _globals),
        new PlanCommand(_services, _globals),
        new ApplyCommand(_services, _globals),
        new DiffCommand(_services, _globals),
        new PsCommand(_services, _globals),
        new LsCommand(_services, _globals),
        new LogsCommand(_services, _globals),
        new HistoryCommand(_services, _globals),
        new EventsCommand(_services, _globals),
        new ExplainCommand(_services, _globals),
        new RollbackCommand(_services, _globals),
        new ResumeCommand(_services, _globals),
        new PromoteCommand(_services, _globals),
        new PauseCommand(_services, _globals),
        new AbortCommand(_services, _globals),
        new WatchCommand(_services, _globals),
        new ScaleCommand(_services, _globals),
        new RmCommand(_services, _globals),
        new MaintenanceCommand(_services, _globals),
        new HostsCommand(_services, _globals),
        new ContextCommand(_services, _globals),
        new TokenCommand(_services, _globals),
        new ServeCommand(_services, _globals),
        new VersionCommand(_services, _globals),
    ];

    /// <summary>No command: the version when asked for it, else the help and the exit code of bad usage.</summary>
    private int Bare(ParseResult arguments)
    {
        var voice = new Voice(_services.Terminal, color: !arguments.GetValue(_globals.NoColor));
        if (arguments.GetValue(_version))
        {
            voice.Data($"orchestrator {_services.Version}");
            return ExitCode.Done;
        }

        Root.Parse("--help").Invoke(new InvocationConfiguration { Output = _services.Terminal.Error, Error = _services.Terminal.Error });
        return ExitCode.Usage;
    }

    /// <summary>A word like an option where a name is expected is a slip, such as <c>--jsn</c>; after <c>--</c> it is meant.</summary>
    private static string[] UnknownOptions(ParseResult arguments) => arguments.Tokens.Any(t => t.Type == TokenType.DoubleDash)
        ? []
        : [.. arguments.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(a => a.Tokens)
            .Where(t => t.Value.Length > 1 && t.Value[0] == '-')
            .Select(t => $"unknown option {t.Value}.")];

    private int Refuse(ParseResult arguments, IEnumerable<string> wrong)
    {
        var voice = new Voice(_services.Terminal, color: !arguments.GetValue(_globals.NoColor));
        var command = arguments.CommandResult.Command;
        foreach (var error in wrong)
            voice.Fail(error);
        if (command.Subcommands.Count > 0 && arguments.UnmatchedTokens is [var word, ..] && Suggestion.Nearest(word, command.Subcommands.Select(c => c.Name)) is { } near)
            voice.Say($"did you mean `{Path(command)} {near}`?");
        voice.Say($"see `{Path(command)} --help`");
        return ExitCode.Usage;
    }

    private static string Path(Command command)
    {
        var names = new List<string>();
        for (Symbol? symbol = command; symbol is Command and not RootCommand; symbol = symbol.Parents.FirstOrDefault())
            names.Insert(0, symbol.Name);
        return string.Join(' ', names.Prepend("orchestrator"));
    }
}
