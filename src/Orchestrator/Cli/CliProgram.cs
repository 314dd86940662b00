using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Api.Http;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;
using Orchestrator.Probing;

namespace Orchestrator.Cli;

/// <summary>The program <c>orchestrator</c>: everything real is put together here.</summary>
internal static class CliProgram
{
    public static async Task<int> RunAsync(string[] words, TimeProvider time)
    {
        Func<string, string?> environment = System.Environment.GetEnvironmentVariable;
        var home = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);
        var version = Version();
        var terminal = new SystemTerminal(environment);
        using var interrupts = new SystemInterrupts(terminal);
        var contexts = ContextStore.FromEnvironment(environment);
        return await new CommandLine(new CliServices
        {
            Terminal = terminal,
            Interrupts = interrupts,
            Time = time,
            // A command's words are for its user: what its actors note down would come between them.
            Coordinators = new CoordinatorFactory(contexts, environment, home, version, time, NullLoggerFactory.Instance),
            Contexts = new StoredContexts(contexts, time),
            Daemon = new CoordinatorDaemon(contexts, environment, home, version, time, () => LoggerFactory.Create(Log)),
            StackFiles = new StackFilesOnDisk(System.Environment.CurrentDirectory, Console.In.ReadToEnd),
            ProbeTransport = options => new HttpProbeTransport(options),
            Environment = environment,
            Version = version,
        }).RunAsync(words).ConfigureAwait(false);
    }

    /// <summary>Without the commit that the build appends.</summary>
    private static string Version() =>
        (typeof(CliProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];

    /// <summary>The daemon's log, one line each to standard error: the journal's form when it listens, else with the time.</summary>
    private static void Log(ILoggingBuilder builder)
    {
        builder.SetMinimumLevel(Microsoft.Extensions.Logging.LogLevel.Information);
        builder.AddFilter("Microsoft", Microsoft.Extensions.Logging.LogLevel.Warning);
        if (System.Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 })
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

        builder.AddConsole(o => o.LogToStandardErrorThreshold = Microsoft.Extensions.Logging.LogLevel.Trace);
    }
}
