using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Progress;

namespace Orchestrator.Cli.Commands;

/// <summary>A command about one existing stack that follows a change: its own, or the one under way.</summary>
internal abstract class StackChangeCommand : CliCommand
{
    private readonly Argument<string> _stack = Parsing.Stack();
    private readonly FollowOptions _follow = new();
    private readonly bool _changes;

    /// <param name="changes">False for a command that makes no change of its own.</param>
    /// <param name="mayProbe">What it does to the stack can be proven while it goes on.</param>
    protected StackChangeCommand(string name, string description, CliServices services, GlobalOptions globals, bool changes = true, bool mayProbe = false)
        : base(name, description, services, globals)
    {
        Arguments.Add(_stack);
        _changes = changes;
        _follow.AddTo(this, mayDetach: changes, mayProbe);
    }

    /// <summary>Null when the user has thought better of it.</summary>
    protected abstract Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack);

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var stack = invocation.Arguments.GetRequiredValue(_stack);
        await using var connection = await invocation.OpenAsync(_changes).ConfigureAwait(false);
        await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
        if (await RequestAsync(invocation, connection.Coordinator, stack).ConfigureAwait(false) is not { } request)
            return ExitCode.Failed;
        return await new ChangeRun(invocation, connection).RunAsync(request with { WaitsForPromotion = _follow.Waits(invocation.Arguments) }, _follow.Of(invocation.Arguments)).ConfigureAwait(false);
    }
}
