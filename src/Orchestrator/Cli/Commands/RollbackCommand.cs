using System.CommandLine;
using Orchestrator.Api;

namespace Orchestrator.Cli.Commands;

internal sealed class RollbackCommand : StackChangeCommand
{
    private readonly Option<int?> _to = new("--to") { Description = "The revision to go to, as `history` shows it (default: the last good one before the current)", HelpName = "revision" };
    private readonly Option<bool> _skip = Parsing.SkipUnreachable();

    public RollbackCommand(CliServices services, GlobalOptions globals)
        : base("rollback", "Go back to an earlier revision of a stack, by its rollback_config", services, globals, mayProbe: true)
    {
        Options.Add(_to);
        Options.Add(_skip);
    }

    protected override async Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack)
    {
        var to = invocation.Arguments.GetValue(_to);
        if (to is { } revision)
        {
            var known = (await coordinator.HistoryAsync(stack, invocation.Interrupted).ConfigureAwait(false)).Select(r => r.Revision).ToArray();
            if (!known.Contains(revision))
                throw CliException.Usage($"stack {stack} has no revision {revision}; {(known.Length == 0 ? "it has none" : $"it has {string.Join(", ", known)}")}, see `{invocation.Hint($"history {stack}")}`");
        }

        return new ChangeRequest.Rollback { Stack = stack, ToRevision = to, SkipUnreachable = invocation.Arguments.GetValue(_skip) };
    }
}
