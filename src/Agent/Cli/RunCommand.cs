using System.CommandLine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Hosting;

namespace Orchestrator.Agent.Cli;

internal sealed class RunCommand : AgentCommandBase
{
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Log each step" };
    private readonly TimeProvider _time;

    public RunCommand(TimeProvider time)
        : base("run", "Run the agent until it is told to stop")
    {
        _time = time;
        Options.Add(_verbose);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, AgentFolder folder, CancellationToken cancellation)
    {
        var config = folder.Load();
        using var held = folder.Lock();
        using var logging = LoggerFactory.Create(builder => Configure(builder, arguments.GetValue(_verbose)));
        await using var agent = AgentDaemon.Start(config, folder.Credential, _time, logging);
        await agent.RunAsync(SystemdNotifier.FromEnvironment(), cancellation);
        return ExitCode.Done;
    }

    /// <summary>One line each, to the standard error: the journal's form when it listens, else with the time.</summary>
    private static void Configure(ILoggingBuilder builder, bool verbose)
    {
        builder.SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Information);
        builder.AddFilter("Microsoft", LogLevel.Warning);
        if (Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 })
        {
            builder.AddSystemdConsole();
        }
        else
        {
            builder.AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.UseUtcTimestamp = true;
                o.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                o.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }

        builder.AddConsole(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
