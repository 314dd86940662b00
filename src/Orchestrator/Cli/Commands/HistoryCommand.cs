using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class HistoryCommand : CliCommand
{
    private readonly Argument<string> _stack = Parsing.Stack();
    private readonly Option<bool> _json = Parsing.Json();

    public HistoryCommand(CliServices services, GlobalOptions globals)
        : base("history", "List a stack's revisions, newest first", services, globals)
    {
        Arguments.Add(_stack);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var stack = invocation.Arguments.GetRequiredValue(_stack);
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
        var revisions = await connection.Coordinator.HistoryAsync(stack, invocation.Interrupted).ConfigureAwait(false);
        if (invocation.Arguments.GetValue(_json))
        {
            invocation.Voice.Json(revisions, ApiJson.Default.ImmutableArrayRevisionView);
            return ExitCode.Done;
        }

        foreach (var line in StackText.Lines(revisions, invocation.Services.Time.GetUtcNow(), invocation.Voice.OutPaint))
            invocation.Voice.Data(line);
        return ExitCode.Done;
    }
}
