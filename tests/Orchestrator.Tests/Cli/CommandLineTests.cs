using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli;

/// <summary>What holds for every command.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData(CoordinatorErrorKind.Invalid, 2)]
    [InlineData(CoordinatorErrorKind.NotFound, 2)]
    [InlineData(CoordinatorErrorKind.Unreachable, 5)]
    [InlineData(CoordinatorErrorKind.Denied, 5)]
    [InlineData(CoordinatorErrorKind.Conflict, 1)]
    [InlineData(CoordinatorErrorKind.Internal, 1)]
    public async Task Refusal_is_one_line_and_its_kind_decides_the_exit_code(CoordinatorErrorKind kind, int expected)
    {
        _cli.Coordinator.Failure = new CoordinatorException(kind, "no: do this instead");

        Assert.Equal(expected, await _cli.RunAsync("deploy", "stack.yaml"));

        Assert.Equal("error: no: do this instead\n", _cli.Error);
        Assert.True(_cli.Closed);
    }

    [Fact]
    public async Task Unexpected_error_is_one_line_that_names_verbose()
    {
        _cli.Coordinator.Failure = new InvalidOperationException("boom\nbang");

        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("ls"));

        Assert.Equal("error: unexpected InvalidOperationException: boom bang; run it again with --verbose for the stack trace, and please report it\n", _cli.Error);
    }

    [Fact]
    public async Task Unexpected_error_verbose_has_the_stack_trace()
    {
        _cli.Coordinator.Failure = new InvalidOperationException("boom");

        await _cli.RunAsync("ls", "--verbose");

        Assert.Contains("   at ", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("depoy stack.yaml", "did you mean `orchestrator deploy`?")]
    [InlineData("ps --jsn", "--jsn")]
    [InlineData("rollback", "see `orchestrator rollback --help`")]
    [InlineData("rollback hello --to x", "--to")]
    [InlineData("deploy --timeout soon", "`soon` is not a duration")]
    [InlineData("deploy -q --json", "exclude each other")]
    [InlineData("deploy -d --timeout 5s", "exclude each other")]
    [InlineData("ps --format yaml", "yaml")]
    [InlineData("token create", "--role")]
    [InlineData("token create --role king", "king")]
    [InlineData("hosts", "see `orchestrator hosts --help`")]
    [InlineData("logs hello --tail -3", "0 or more")]
    public async Task Bad_usage_returns_2_and_says_what_is_wrong(string words, string expected)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(words.Split(' ')));

        Assert.Contains(expected, _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Out);
        Assert.Null(_cli.Choice);
    }

    [Fact]
    public async Task Without_a_command_the_help_is_shown_and_it_is_bad_usage()
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync());

        Assert.Contains("deploy", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_of_every_command_is_on_standard_output_and_describes_every_option()
    {
        foreach (var path in Paths(new CommandLine(Services()).Root, []))
        {
            using var cli = new CliHarness();

            Assert.Equal(ExitCode.Done, await cli.RunAsync([.. path, "--help"]));

            Assert.NotEmpty(cli.Out);
        }

        Assert.All(Options(new CommandLine(Services()).Root), o => Assert.False(string.IsNullOrEmpty(o.Description), $"{o.Name} has no description"));
    }

    [Fact]
    public async Task Version_option_prints_the_version()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("--version"));

        Assert.Equal("orchestrator 0.1.0\n", _cli.Out);
    }

    [Fact]
    public async Task Interrupted_query_ends_quietly_with_130()
    {
        _cli.PressCtrlC();
        _cli.Coordinator.Failure = new OperationCanceledException();

        Assert.Equal(ExitCode.Interrupted, await _cli.RunAsync("ls"));

        Assert.Empty(_cli.Error);
    }

    [Theory]
    [InlineData(true, false, "", false)]
    [InlineData(false, true, "", false)]
    [InlineData(true, true, "--no-color", false)]
    [InlineData(true, true, "", true)]
    public async Task Escapes_only_where_a_terminal_takes_them(bool isTerminal, bool allows, string option, bool expected)
    {
        using var cli = new CliHarness { Terminal = new() { OutIsTerminal = isTerminal, ErrorIsTerminal = isTerminal, AllowsEscapes = allows } };
        cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Done, 1, "done"));
        cli.Coordinator.Replicas = [CliHarness.Replica("web", 1)];

        await cli.RunAsync(["deploy", "stack.yaml", .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        await cli.RunAsync(["ps", .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(expected, cli.Out.Contains('\x1b') && cli.Error.Contains('\x1b'));
        Assert.Equal(expected, cli.Out.Contains('\x1b') || cli.Error.Contains('\x1b'));
    }

    [Fact]
    public async Task Closed_output_ends_quietly()
    {
        using var cli = new CliHarness();
        cli.Coordinator.Failure = new Orchestrator.Cli.Interaction.OutputClosedException(new IOException("Broken pipe"));

        Assert.Equal(ExitCode.OutputClosed, await cli.RunAsync("ls"));

        Assert.Empty(cli.Error);
    }

    private static CliServices Services()
    {
        var cli = new CliHarness();
        return new()
        {
            Terminal = cli.Terminal,
            Interrupts = cli,
            Time = cli.Time,
            Coordinators = cli,
            Contexts = cli.Contexts,
            Daemon = cli.Daemon,
            StackFiles = cli.StackFiles,
            ProbeTransport = _ => cli.Server,
            Environment = _ => null,
            Version = "0.1.0",
        };
    }

    internal static CommandLine Build() => new(Services());

    private static IEnumerable<string[]> Paths(Command command, string[] path) =>
        [path, .. command.Subcommands.SelectMany(c => Paths(c, [.. path, c.Name]))];

    private static IEnumerable<Option> Options(Command command) => [.. command.Options, .. command.Subcommands.SelectMany(Options)];
}
