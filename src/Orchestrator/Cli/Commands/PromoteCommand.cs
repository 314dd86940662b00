using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Progress;

namespace Orchestrator.Cli.Commands;

internal sealed class PromoteCommand : CliCommand
{
    private readonly Argument<string> _target = new("STACK[/SERVICE]") { Description = "The stack, or one service of it" };
    private readonly FollowOptions _follow = new();

    public PromoteCommand(CliServices services, GlobalOptions globals)
        : base("promote", "Go on with a rollout that is held: a canary is followed by the rest, blue-green is switched", services, globals)
    {
        Arguments.Add(_target);
        _follow.AddTo(this, mayProbe: true);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var target = invocation.Arguments.GetRequiredValue(_target);
        var slash = target.IndexOf('/', StringComparison.Ordinal);
        var (stack, service) = slash < 0 ? (target, null) : (target[..slash], target[(slash + 1)..]);
        if (stack.Length == 0 || service?.Length == 0)
            throw CliException.Usage($"`{target}` is not STACK or STACK/SERVICE");
        await using var connection = await invocation.OpenAsync(changes: true).ConfigureAwait(false);
        await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
        var request = new ChangeRequest.Promote { Stack = stack, Service = service, WaitsForPromotion = _follow.Waits(invocation.Arguments) };
        return await new ChangeRun(invocation, connection).RunAsync(request, _follow.Of(invocation.Arguments)).ConfigureAwait(false);
    }
}
