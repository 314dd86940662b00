using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class RmCommand : StackChangeCommand
{
    private readonly Option<bool> _volumes = new("--volumes", "-v") { Description = "Remove the stack's own volumes with their data, too" };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };

    public RmCommand(CliServices services, GlobalOptions globals)
        : base("rm", "Remove a stack: its replicas, networks and history", services, globals)
    {
        Aliases.Add("down");
        Options.Add(_volumes);
        Options.Add(_yes);
    }

    protected override async Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack)
    {
        var volumes = invocation.Arguments.GetValue(_volumes);
        if (!invocation.Arguments.GetValue(_yes))
        {
            if (!invocation.Voice.CanAsk)
                throw CliException.Usage($"removing {stack} needs a yes, and there is no terminal to ask on; add --yes");
            var replicas = await coordinator.ReplicasAsync(stack, all: false, invocation.Interrupted).ConfigureAwait(false);
            var hosts = Words.Count(replicas.Select(r => r.Host).Distinct().Count(), "host");
            var data = volumes ? "its volumes with their data, too" : "volumes are kept";
            if (!invocation.Voice.Confirm($"Remove {stack}: {Words.Count(replicas.Length, "replica")} on {hosts}, its networks and history; {data}?"))
            {
                invocation.Voice.Say("nothing removed");
                return null;
            }
        }

        return new ChangeRequest.Remove { Stack = stack, Volumes = volumes };
    }
}
