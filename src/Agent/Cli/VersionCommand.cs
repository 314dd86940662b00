using System.CommandLine;

namespace Orchestrator.Agent.Cli;

internal sealed class VersionCommand : Command
{
    public VersionCommand()
        : base("version", "Show the version") =>
        SetAction(async (arguments, _) =>
        {
            await arguments.InvocationConfiguration.Output.WriteLineAsync(AgentVersion.Text);
            return ExitCode.Done;
        });
}
