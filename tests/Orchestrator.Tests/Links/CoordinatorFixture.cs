using System.Collections.Immutable;
using System.Net;
using Orchestrator.Api;
using Orchestrator.Api.Http;
using Orchestrator.Fleet;
using Orchestrator.Links;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Tests.Links;

/// <summary>A coordinator's port on loopback with real TLS, before a coordinator and a fleet that tests control.</summary>
internal sealed class CoordinatorFixture : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-links-").FullName;
    private readonly TimeProvider _time;
    private readonly Func<CoordinatorServerOptions, CoordinatorServerOptions> _change;
    private CoordinatorServer _server = null!;
    private int _users;

    private CoordinatorFixture(TimeProvider time, Func<CoordinatorServerOptions, CoordinatorServerOptions>? change)
    {
        _time = time;
        _change = change ?? (o => o);
        Trust = Trust.Initialize(Path.Combine(_folder, "coordinator"), [], time);
        System = ActorSystem.Create("coordinator");
        Uplink = new Inbox(System, "uplink");
        var uplink = Uplink.Ref;
        Fleet = new Inbox(System, "fleet", (message, _) => message is FleetMessage.AgentConnected ? new FleetMessage.SessionOpened(uplink) : null);
    }

    public string Folder => _folder;

    public FakeCoordinator Coordinator { get; } = new();

    public CapturedLogs Logs { get; } = new();

    public Trust Trust { get; }

    public ActorSystem System { get; }

    /// <summary>Told what the links tell the fleet; answers every session with <see cref="Uplink"/>.</summary>
    public Inbox Fleet { get; }

    public Inbox Uplink { get; }

    public int Port => _server.Endpoints[0].Port;

    public Uri Address => new($"https://127.0.0.1:{Port}");

    public static async Task<CoordinatorFixture> StartAsync(TimeProvider? time = null, Func<CoordinatorServerOptions, CoordinatorServerOptions>? change = null)
    {
        var fixture = new CoordinatorFixture(time ?? TimeProvider.System, change);
        await fixture.StartServerAsync(0);
        return fixture;
    }

    /// <summary>Stops and comes back on the same port.</summary>
    public async Task RestartAsync()
    {
        var port = Port;
        await _server.DisposeAsync();
        await StartServerAsync(port);
    }

    public Task StopAsync() => _server.StopAsync(CancellationToken.None);

    public string NewFolder(string name) => Path.Combine(_folder, $"{name}-{Interlocked.Increment(ref _users)}");

    /// <summary>A credential of this fleet's authority.</summary>
    public Credential Credential(string name, CertificateRole role)
    {
        var folder = CredentialFolder(name, role);
        return folder.Load();
    }

    public CredentialFolder CredentialFolder(string name, CertificateRole role)
    {
        var issued = Trust.IssueLocal(name, role, []);
        var folder = new CredentialFolder(NewFolder(name), "agent");
        folder.Save(issued.AuthorityPem, issued.CertificatePem, issued.KeyPem);
        return folder;
    }

    public CoordinatorHttpClient Client(CertificateRole role = CertificateRole.Operator, ApiTimes? times = null, ImmutableArray<Uri> servers = default) =>
        new(servers.IsDefault ? [Address] : servers, Credential(CertificateIdentity.RoleWord(role), role), _time, times);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await System.Terminate();
        Trust.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartServerAsync(int port)
    {
        var options = _change(new CoordinatorServerOptions
        {
            Listen = [new IPEndPoint(IPAddress.Any, port)],
            Version = "1.2.3",
            Link = new LinkOptions { BackoffMin = TimeSpan.FromMilliseconds(5), BackoffMax = TimeSpan.FromMilliseconds(50), CloseTimeout = TimeSpan.FromSeconds(1) },
            Times = new ApiTimes { KeepAlive = TimeSpan.FromMilliseconds(20) },
        });
        _server = new CoordinatorServer(options, Coordinator, Fleet.Ref, System, Trust, _time, Logs);
        await _server.StartAsync(CancellationToken.None);
    }
}
