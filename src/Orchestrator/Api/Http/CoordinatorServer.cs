using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Links;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>The coordinator's one port: joining, the API for operators, and the agents' links; TLS 1.3 only.</summary>
public sealed partial class CoordinatorServer : IAsyncDisposable
{
    /// <summary>Links of a large fleet and its operators; beyond it connections are closed at once rather than exhaust the process.</summary>
    private const int ConnectionsMax = 10_000;

    /// <summary>From a connection to its finished handshake, and from there to a request's headers.</summary>
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly CoordinatorServerOptions _options;
    private readonly Trust _trust;
    private readonly ActorSystem _system;
    private readonly TimeProvider _time;
    private readonly ApiGate _gate;
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _app;
    private readonly IActorRef _links;
    private readonly ILogger _log;
    private bool _stopped;

    /// <param name="fleet">Takes <see cref="Fleet.FleetMessage"/>s.</param>
    /// <param name="trust">Stays the caller's.</param>
    public CoordinatorServer(CoordinatorServerOptions options, ICoordinator coordinator, IActorRef fleet, ActorSystem system, Trust trust, TimeProvider time, ILoggerFactory logging)
    {
        _options = options;
        _trust = trust;
        _system = system;
        _time = time;
        _log = logging.CreateLogger<CoordinatorServer>();
        _gate = new ApiGate(trust, options.Leadership, _log);
        var linkOptions = options.Link;
        var version = options.Version;
        _links = system.ActorOf(Props.Create(() => new AgentLinksActor(fleet, linkOptions, version, time, logging)));
        _app = Build(logging);
        new TrustEndpoints(trust, _gate, options.Advertise, _log).Map(_app);
        new ApiEndpoints(coordinator, trust, _gate, options.Times, time, _log, _stopping.Token).Map(_app);
        _app.Map(LinkProtocol.AgentPath, _gate.For([CertificateRole.Agent], OpenLinkAsync));
        _app.MapFallback(_gate.Open(context => throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"{context.Request.Method} {context.Request.Path} is nothing this coordinator knows: install the same release on client and coordinator")));
    }

    /// <summary>Where it listens, with the ports that were taken for 0; from <see cref="StartAsync"/> on.</summary>
    public ImmutableArray<IPEndPoint> Endpoints { get; private set; } = [];

    /// <exception cref="IOException">An address is in use or not this host's.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await _app.StartAsync(cancellation);
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Endpoints = [.. addresses.Select(a => BindingAddress.Parse(a)).Select(a => new IPEndPoint(IPAddress.Parse(a.Host.Trim('[', ']')), a.Port))];
        LogListening(string.Join(", ", Endpoints), _trust.AuthorityDigest);
    }

    /// <summary>Ends streams so that their clients look for a coordinator again, and agents' links; bounded by <see cref="CoordinatorServerOptions.StopTimeout"/>.</summary>
    public async Task StopAsync(CancellationToken cancellation)
    {
        if (_stopped) return;
        _stopped = true;
        await _stopping.CancelAsync();
        _system.Stop(_links);
        await _app.StopAsync(cancellation);
        LogStopped();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private WebApplication Build(ILoggerFactory logging)
    {
        // Nothing of the surroundings configures this server: no appsettings.json, no ASPNETCORE_ variables.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logging);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = _options.StopTimeout);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LinkProtocol.MessageBytesMax;
            kestrel.Limits.MaxConcurrentConnections = ConnectionsMax;
            kestrel.Limits.MaxConcurrentUpgradedConnections = ConnectionsMax;
            kestrel.Limits.RequestHeadersTimeout = HandshakeTimeout;
            foreach (var endpoint in _options.Listen) kestrel.Listen(endpoint, ConfigureTls);
        });
        var app = builder.Build();
        app.UseWebSockets();
        app.UseRouting();
        return app;
    }

    private void ConfigureTls(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTimeout,
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ServerCertificateContext = _trust.ServerContext(),
                ClientCertificateRequired = true,
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // ApiGate judges the certificate at each request, where the refusal can say why.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            }),
        });
    }

    private async Task OpenLinkAsync(HttpContext context, CertificateIdentity agent)
    {
        if (!context.WebSockets.IsWebSocketRequest) throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{LinkProtocol.AgentPath} takes WebSockets");
        var notAfter = new DateTimeOffset(context.Connection.ClientCertificate!.NotAfter);

        // Heartbeats are frames of our own, so that they prove more than a socket: no pings beside them.
        var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = Timeout.InfiniteTimeSpan });
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var connection = new LinkConnection(socket, _options.Link, _time);
        _links.Tell(new AgentSession(connection, agent.Name, notAfter, ended));

        using (connection)
        {
            try
            {
                await ended.Task.WaitAsync(_stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // The actor is closing the link; what it cannot close in time is cut off.
                await Task.WhenAny(ended.Task, Task.Delay(_options.Link.CloseTimeout, _time, CancellationToken.None));
            }
        }
    }
}
