using System.CommandLine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Orchestrator.Agent.Templates.Resources;
using Orchestrator.Hosting;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

internal sealed class RunCommand : AgentCommandBase
{
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Log each step" };
    private readonly Option<string?> _templates = new("--templates") { Description = $"Templates for a proxy of this host, laid out as confd's (default: {TemplateResources.DefaultFolder} if it exists)", HelpName = "folder" };
    private readonly Option<string?> _advertise = AdvertiseOption();
    private readonly Option<string?> _ingressImage = new("--ingress-image") { Description = $"The ingress's HAProxy image (default: as joined, or {IngressOptions.ImageVariable}, or {IngressOptions.DefaultImage})", HelpName = "image" };
    private readonly TimeProvider _time;

    public RunCommand(TimeProvider time)
        : base("run", "Run the agent until it is told to stop")
    {
        _time = time;
        Options.Add(_verbose);
        Options.Add(_templates);
        Options.Add(_advertise);
        Options.Add(_ingressImage);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, AgentFolder folder, CancellationToken cancellation)
    {
        var config = WithTemplates(folder.Load(), arguments.GetValue(_templates));
        if (Advertised(arguments.GetValue(_advertise)) is { } advertised) config = config with { AdvertiseAddress = advertised };
        using var held = folder.Lock();
        using var logging = LoggerFactory.Create(builder => Configure(builder, arguments.GetValue(_verbose)));
        await using var agent = AgentDaemon.Start(config, folder.Credential, Ingress(arguments, folder, config), _time, logging);
        await agent.RunAsync(SystemdNotifier.FromEnvironment(), cancellation);
        return ExitCode.Done;
    }

    /// <summary>The option, then what agent.json says, then the default folder if the host has it. A folder that was named and is missing is a mistake.</summary>
    private static AgentConfig WithTemplates(AgentConfig config, string? given)
    {
        var named = given ?? config.Templates;
        if (named is not null && !Directory.Exists(named)) throw new TrustException(TrustErrorKind.Invalid, $"the templates folder {named} does not exist: create it with conf.d and templates in it, or leave --templates out");
        return config with { Templates = named is not null ? Path.GetFullPath(named) : Directory.Exists(TemplateResources.DefaultFolder) ? TemplateResources.DefaultFolder : null };
    }

    private IngressOptions Ingress(ParseResult arguments, AgentFolder folder, AgentConfig config) => IngressOptions
        .ForAgent(folder.Path, isDefaultFolder: folder.Path == AgentFolder.Default)
        .WithImage(config.IngressImage)
        .WithImage(Environment.GetEnvironmentVariable(IngressOptions.ImageVariable))
        .WithImage(arguments.GetValue(_ingressImage));

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
