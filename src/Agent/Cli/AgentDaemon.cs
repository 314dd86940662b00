using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Hosting;
using Orchestrator.Agent.Links;
using Orchestrator.Agent.Names;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Preflight;
using Orchestrator.Engine;
using Orchestrator.Hosting;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

/// <summary>The composition root of <c>orchestrator-agent run</c>: engine, actors, link, renewal of the certificate.</summary>
internal sealed partial class AgentDaemon : IAsyncDisposable
{
    /// <summary>For the actor that is asked whether the actors still work.</summary>
    private static readonly TimeSpan AliveTimeout = TimeSpan.FromSeconds(5);

    /// <summary>For the actors to stop; systemd allows 90 s by default.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly ActorSystem _system;
    private readonly EngineClient _engine;
    private readonly IActorRef _pulse;
    private readonly CertificateRenewal _renewal;
    private readonly ImmutableArray<Uri> _coordinators;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private AgentDaemon(AgentConfig config, CredentialFolder credential, IngressOptions ingress, TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        _log = loggers.CreateLogger<AgentDaemon>();
        _coordinators = config.Coordinators;
        _renewal = new CertificateRenewal(credential, time);
        var environment = DockerEnvironment.FromProcess();
        _engine = new EngineClient(EngineAddress.Resolve(config.Docker, environment), time: time);
        _system = ActorSystem.Create("agent");
        FaultLogActor.Start(_system, loggers);
#pragma warning disable RS0030 // The composition root: here, and nowhere below, chance comes in.
        var (random, mixing) = (new Random(), new Random());
#pragma warning restore RS0030
        var underlay = new UnderlayAddress(config.AdvertiseAddress);
        var options = new AgentOptions
        {
            HostName = config.Name,
            Labels = config.Labels,
            TemplatesFolder = config.Templates,
            AgentVersion = AgentVersion.Text,
            Ingress = ingress,
            HostProbe = LocalHost.OfEngine(_engine.Address),
            Credentials = new RegistryCredentials(environment.ConfigFolder),
            Overlay = new OverlayHost(new LinkCommands(time), () => underlay.Current) { Names = () => new NameServers(mixing, time) },
        };
        IEngine engine = _engine;
        var agent = _system.ActorOf(Props.Create(() => new AgentActor(options, engine, loggers)), "agent");
        _system.ActorOf(AgentLink.PropsFor(_coordinators, credential, agent, new LinkOptions(), AgentVersion.Text, time, random, loggers, underlay), "link");
        _pulse = _system.ActorOf(Props.Create(() => new PulseActor()), "pulse");
        LogStarted(config.Name, AgentVersion.Text, _engine.Address);
    }

    /// <exception cref="EngineException">The engine's address is malformed; one that does not answer is waited for.</exception>
    public static AgentDaemon Start(AgentConfig config, CredentialFolder credential, IngressOptions ingress, TimeProvider time, ILoggerFactory loggers) => new(config, credential, ingress, time, loggers);

    /// <summary>Returns when cancelled.</summary>
    public async Task RunAsync(SystemdNotifier systemd, CancellationToken cancellation)
    {
        systemd.Ready($"agent of {string.Join(", ", _coordinators)}");
        await Task.WhenAll(RenewAsync(cancellation), systemd.WatchAsync(IsAliveAsync, _time, cancellation));
        systemd.Stopping();
        LogStopping();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _system.Terminate().WaitAsync(StopTimeout, _time);
        }
        catch (TimeoutException)
        {
            LogStuck(StopTimeout.TotalSeconds);
        }

        _engine.Dispose();
    }

    private async Task RenewAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(CertificateRenewal.CheckInterval, _time);
        try
        {
            do
            {
                await TryRenewAsync(cancellation);
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private async Task TryRenewAsync(CancellationToken cancellation)
    {
        try
        {
            if (await _renewal.RenewIfDueAsync(_coordinators, cancellation)) LogRenewed();
        }
        catch (Exception e) when (e is TrustException or IOException or UnauthorizedAccessException)
        {
            LogRenewalFailed(e.Message);
        }
    }

    private async Task<bool> IsAliveAsync(CancellationToken cancellation)
    {
        try
        {
            await _pulse.Ask<PulseActor.Beat>(new PulseActor.Beat(), AliveTimeout, cancellation);
            return true;
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
