using Orchestrator.Api;

namespace Orchestrator.Cli.Commands;

internal sealed class ResumeCommand(CliServices services, GlobalOptions globals)
    : StackChangeCommand("resume", "Go on with a paused rollout: failed replicas are tried again", services, globals, mayProbe: true)
{
    protected override Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack) =>
        Task.FromResult<ChangeRequest?>(new ChangeRequest.Resume { Stack = stack });
}
