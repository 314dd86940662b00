using Orchestrator.Api;

namespace Orchestrator.Cli.Commands;

internal sealed class PauseCommand(CliServices services, GlobalOptions globals)
    : StackChangeCommand("pause", "Hold the change that is under way: replicas in flight finish, nothing new begins", services, globals)
{
    protected override Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack) =>
        Task.FromResult<ChangeRequest?>(new ChangeRequest.Pause { Stack = stack });
}
