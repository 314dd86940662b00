using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class PlanCommand : CliCommand
{
    private readonly StackFileOptions _file = new();
    private readonly Option<bool> _force = new("--force-recreate") { Description = "Plan to replace replicas that are up to date, too" };
    private readonly Option<bool> _json = Parsing.Json();

    public PlanCommand(CliServices services, GlobalOptions globals)
        : base("plan", "Show what a deploy would create, replace and remove on each host, and why", services, globals)
    {
        _file.AddTo(this);
        Options.Add(_force);
        Options.Add(_json);
    }

    public static async Task<int> ShowAsync(Invocation invocation, ICoordinator coordinator, ChangeRequest request, bool json)
    {
        var plan = await coordinator.PlanAsync(request, invocation.Interrupted).ConfigureAwait(false);
        if (json)
        {
            invocation.Voice.Json(plan, ApiJson.Default.Plan);
        }
        else
        {
            foreach (var line in PlanText.Lines(plan, invocation.Voice.OutPaint))
                invocation.Voice.Data(line);
        }

        return ExitCode.Done;
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var (spec, services, _) = _file.Read(invocation);
        var request = new ChangeRequest.Deploy
        {
            Stack = spec.Name,
            Spec = spec,
            Services = [.. services],
            ForceRecreate = invocation.Arguments.GetValue(_force),
        };
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        return await ShowAsync(invocation, connection.Coordinator, request, invocation.Arguments.GetValue(_json)).ConfigureAwait(false);
    }
}
