using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class ExplainCommand : CliCommand
{
    private readonly Argument<string> _target = new("STACK[/SERVICE]") { Description = "The stack, or one service of it, such as shop/web" };
    private readonly Option<bool> _json = Parsing.Json();

    public ExplainCommand(CliServices services, GlobalOptions globals)
        : base("explain", "Say why a stack is as it is, and what to do next", services, globals)
    {
        Arguments.Add(_target);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var target = invocation.Arguments.GetRequiredValue(_target).Split('/');
        if (target is not ([{ Length: > 0 }] or [{ Length: > 0 }, { Length: > 0 }]))
            throw CliException.Usage($"`{string.Join('/', target)}` is neither STACK nor STACK/SERVICE; write it like shop or shop/web");
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        await StackNames.RequireAsync(connection.Coordinator, target[0], invocation.Interrupted).ConfigureAwait(false);
        var view = await connection.Coordinator.ExplainAsync(target[0], target.ElementAtOrDefault(1), invocation.Interrupted).ConfigureAwait(false);
        if (invocation.Arguments.GetValue(_json))
        {
            invocation.Voice.Json(view, ApiJson.Default.ExplanationView);
            return ExitCode.Done;
        }

        foreach (var line in ExplanationText.Lines(view, invocation.Voice.OutPaint))
            invocation.Voice.Data(line);
        return ExitCode.Done;
    }
}
