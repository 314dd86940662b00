using System.CommandLine;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

internal sealed class LeaveCommand() : AgentCommandBase("leave", "Forget the fleet; containers are not touched")
{
    protected override async Task<int> RunAsync(ParseResult arguments, AgentFolder folder, CancellationToken cancellation)
    {
        using var held = folder.Lock();
        if (!folder.HasJoined) throw new TrustException(TrustErrorKind.Invalid, $"this host has not joined a fleet ({folder.Path})");
        var name = folder.Load().Name;
        folder.Delete();
        await arguments.InvocationConfiguration.Output.WriteLineAsync($"{name} has left: its key is gone, its containers run on. Have the fleet place them elsewhere: orchestrator hosts rm {name}");
        return ExitCode.Done;
    }
}
