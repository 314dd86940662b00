using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class LogsCommand : CliCommand
{
    private readonly Argument<string> _stack = Parsing.Stack();
    private readonly Argument<string[]> _services = new("SERVICE") { Description = "Only these services", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with new lines until Ctrl-C" };
    private readonly Option<int?> _tail = new("--tail", "-n") { Description = "Only the last lines of each replica", HelpName = "lines" };
    private readonly Option<string?> _since = Parsing.Since("Only lines since then");
    private readonly Option<bool> _timestamps = new("--timestamps", "-t") { Description = "With the time of each line" };
    private readonly Option<bool> _json = new("--json") { Description = "Write each line as one line of JSON" };

    public LogsCommand(CliServices services, GlobalOptions globals)
        : base("logs", "Show what a stack's replicas write, all of them together", services, globals)
    {
        Arguments.Add(_stack);
        Arguments.Add(_services);
        Options.Add(_follow);
        Options.Add(_tail);
        Options.Add(_since);
        Options.Add(_timestamps);
        Options.Add(_json);
        _tail.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 0)
                result.AddError("--tail: the number of lines is 0 or more.");
        });
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var arguments = invocation.Arguments;
        var stack = arguments.GetRequiredValue(_stack);
        var query = new LogsQuery
        {
            Stack = stack,
            Services = [.. arguments.GetValue(_services) ?? []],
            Follow = arguments.GetValue(_follow),
            Tail = arguments.GetValue(_tail),
            Since = Parsing.Time("--since", arguments.GetValue(_since), invocation.Services.Time.GetUtcNow()),
            Timestamps = arguments.GetValue(_timestamps),
        };
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
        var replicas = await connection.Coordinator.ReplicasAsync(stack, all: true, invocation.Interrupted).ConfigureAwait(false);
        if (!replicas.IsEmpty)
            StackNames.RequireServices(stack, query.Services, [.. replicas.Select(r => r.Service).Distinct()]);

        var lines = new LogLines(invocation.Voice, replicas.Select(r => $"{r.Service}.{r.Slot}"));
        var json = arguments.GetValue(_json);
        await foreach (var line in connection.Coordinator.LogsAsync(query, invocation.Interrupted).ConfigureAwait(false))
        {
            if (json)
                invocation.Voice.JsonLine(line, ApiJson.Default.LogView);
            else
                lines.Write(line);
        }

        return ExitCode.Done;
    }
}
