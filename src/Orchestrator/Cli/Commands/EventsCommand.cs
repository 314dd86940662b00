using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class EventsCommand : CliCommand
{
    private readonly Argument<string?> _stack = new("STACK") { Description = "Only this stack (default: all)", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _since = Parsing.Since("Only what has happened since then");
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with what happens until Ctrl-C" };
    private readonly Option<bool> _json = new("--json") { Description = "Write each event as one line of JSON" };

    public EventsCommand(CliServices services, GlobalOptions globals)
        : base("events", "Show what has happened to a stack, who asked for it and why: the last 1,000 events", services, globals)
    {
        Arguments.Add(_stack);
        Options.Add(_since);
        Options.Add(_follow);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var (arguments, voice) = (invocation.Arguments, invocation.Voice);
        var query = new EventsQuery
        {
            Stack = arguments.GetValue(_stack),
            Since = Parsing.Time("--since", arguments.GetValue(_since), invocation.Services.Time.GetUtcNow()),
            Follow = arguments.GetValue(_follow),
        };
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        if (query.Stack is { } stack)
            await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
        var json = arguments.GetValue(_json);
        await foreach (var happened in connection.Coordinator.EventsAsync(query, invocation.Interrupted).ConfigureAwait(false))
        {
            if (json)
            {
                voice.JsonLine(happened, ApiJson.Default.StackEvent);
                continue;
            }

            foreach (var line in EventText.Lines(happened, withStack: query.Stack is null, voice.OutPaint))
                voice.Data(line);
        }

        return ExitCode.Done;
    }
}
