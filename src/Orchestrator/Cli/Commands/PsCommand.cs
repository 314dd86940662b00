using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class PsCommand : CliCommand
{
    private const string JsonFormat = "json";

    private readonly Argument<string?> _stack = new("STACK") { Description = "Only this stack", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _all = new("--all", "-a") { Description = "Retained containers of earlier revisions, too" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Only the containers' names" };
    private readonly Option<bool> _json = Parsing.Json();
    private readonly Option<string> _format = new("--format") { Description = "table or json", DefaultValueFactory = _ => "table" };

    public PsCommand(CliServices services, GlobalOptions globals)
        : base("ps", "List replicas: where each runs, its revision and its health", services, globals)
    {
        _format.AcceptOnlyFromAmong("table", JsonFormat);
        Arguments.Add(_stack);
        Options.Add(_all);
        Options.Add(_quiet);
        Options.Add(_json);
        Options.Add(_format);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var (arguments, voice) = (invocation.Arguments, invocation.Voice);
        var stack = arguments.GetValue(_stack);
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        if (stack is not null)
            await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
        var replicas = await connection.Coordinator.ReplicasAsync(stack, arguments.GetValue(_all), invocation.Interrupted).ConfigureAwait(false);

        if (arguments.GetValue(_json) || arguments.GetValue(_format) == JsonFormat)
        {
            voice.Json(replicas, ApiJson.Default.ImmutableArrayReplicaView);
        }
        else if (arguments.GetValue(_quiet))
        {
            foreach (var replica in replicas)
                voice.Data(replica.Container);
        }
        else
        {
            foreach (var line in ReplicaText.Lines(replicas, invocation.Services.Time.GetUtcNow(), voice.OutPaint))
                voice.Data(line);
        }

        return ExitCode.Done;
    }
}
