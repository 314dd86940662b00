using Orchestrator.Api;

namespace Orchestrator.Cli.Commands;

internal sealed class AbortCommand(CliServices services, GlobalOptions globals)
    : StackChangeCommand("abort", "End a running or paused rollout as it stands", services, globals)
{
    protected override Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack) =>
        Task.FromResult<ChangeRequest?>(new ChangeRequest.Abort { Stack = stack });
}
