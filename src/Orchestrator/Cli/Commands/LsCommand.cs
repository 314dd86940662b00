using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class LsCommand : CliCommand
{
    private readonly Option<bool> _json = Parsing.Json();
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Only the names" };

    public LsCommand(CliServices services, GlobalOptions globals)
        : base("ls", "List stacks", services, globals)
    {
        Options.Add(_json);
        Options.Add(_quiet);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        var stacks = await connection.Coordinator.StacksAsync(invocation.Interrupted).ConfigureAwait(false);
        if (invocation.Arguments.GetValue(_json))
        {
            invocation.Voice.Json(stacks, ApiJson.Default.ImmutableArrayStackView);
            return ExitCode.Done;
        }

        var lines = invocation.Arguments.GetValue(_quiet) ? stacks.Select(s => s.Stack) : StackText.Lines(stacks, invocation.Voice.OutPaint);
        foreach (var line in lines)
            invocation.Voice.Data(line);
        return ExitCode.Done;
    }
}
