using Orchestrator.Api;

namespace Orchestrator.Cli.Commands;

internal sealed class WatchCommand(CliServices services, GlobalOptions globals)
    : StackChangeCommand("watch", "Follow the change that is under way, and end as it ends", services, globals, changes: false)
{
    protected override Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack) =>
        Task.FromResult<ChangeRequest?>(new ChangeRequest.Watch { Stack = stack });
}
