using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Progress;

namespace Orchestrator.Cli.Commands;

internal sealed class DeployCommand : CliCommand
{
    private readonly StackFileOptions _file = new();
    private readonly FollowOptions _follow = new();
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show the plan and change nothing (the same as `plan`)" };
    private readonly Option<bool> _force = new("--force-recreate") { Description = "Replace replicas that are up to date, too" };
    private readonly Option<bool> _skip = Parsing.SkipUnreachable();

    private readonly Option<bool> _atomic = new("--atomic") { Description = "All or nothing: when one service fails, every service that this deploy has altered goes back" };

    public DeployCommand(CliServices services, GlobalOptions globals)
        : base("deploy", "Bring a stack to what its file says, and wait until it is", services, globals)
    {
        _file.AddTo(this);
        Options.Add(_dryRun);
        Options.Add(_force);
        Options.Add(_skip);
        Options.Add(_atomic);
        _follow.AddTo(this, mayProbe: true);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var (spec, services, certificates) = _file.Read(invocation);
        var dryRun = invocation.Arguments.GetValue(_dryRun);
        var request = new ChangeRequest.Deploy
        {
            Stack = spec.Name,
            Spec = spec,
            Services = [.. services],
            WaitsForPromotion = _follow.Waits(invocation.Arguments),
            ForceRecreate = invocation.Arguments.GetValue(_force),
            SkipUnreachable = invocation.Arguments.GetValue(_skip),
            IsAtomic = invocation.Arguments.GetValue(_atomic),
            // A plan asks for nothing that needs a private key.
            Certificates = dryRun ? [] : certificates,
        };
        await using var connection = await invocation.OpenAsync(changes: !dryRun).ConfigureAwait(false);
        if (dryRun)
            return await PlanCommand.ShowAsync(invocation, connection.Coordinator, request, _follow.IsJson(invocation.Arguments)).ConfigureAwait(false);
        return await new ChangeRun(invocation, connection).RunAsync(request, _follow.Of(invocation.Arguments)).ConfigureAwait(false);
    }
}
