using System.CommandLine;

namespace Orchestrator.Agent.Cli;

/// <summary>The program <c>orchestrator-agent</c>.</summary>
internal static class AgentProgram
{
    /// <summary>Beyond what the agent allows its actors; after it the process ends whatever they do.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(15);

    public static async Task<int> RunAsync(string[] arguments, TimeProvider time)
    {
        var root = new RootCommand("The agent of one host: it does what the fleet's coordinator says, on this host's engine.")
        {
            new JoinCommand(time),
            new RunCommand(time),
            new StatusCommand(time),
            new LeaveCommand(),
            new VersionCommand(),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count == 0) return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = StopTimeout });

        foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync($"orchestrator-agent: {error.Message}");
        await Console.Error.WriteLineAsync("'orchestrator-agent --help' shows what there is.");
        return ExitCode.Usage;
    }
}
