using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using Orchestrator.Api;
using Orchestrator.Api.Http;
using Orchestrator.Security;

namespace Orchestrator.Tests.Links;

public sealed class RoleTests
{
    private static readonly ChangeRequest Remove = new ChangeRequest.Remove { Stack = "shop" };
    private static readonly ChangeRequest Watch = new ChangeRequest.Watch { Stack = "shop" };

    [Fact]
    public async Task Viewer_may_read_and_follow_but_not_change()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        fleet.Coordinator.OnChange = (_, _) => FakeCoordinator.Events(new ChangeEvent.Ended(ChangeOutcome.NothingToDo, 1, "nothing"));
        using var viewer = fleet.Client(CertificateRole.Viewer);

        Assert.Equal("1.2.3", (await viewer.VersionAsync(CancellationToken.None)).Version);
        Assert.Equal(2, (await viewer.ReplicasAsync("a b&c", all: true, CancellationToken.None))[0].Slot);
        Assert.Single(await viewer.ChangeAsync(Watch, CancellationToken.None).ToListAsync());
        await AssertDeniedAsync(async () => await viewer.ChangeAsync(Remove, CancellationToken.None).ToListAsync());
        await AssertDeniedAsync(() => viewer.CreateTokenAsync("operator", TimeSpan.FromHours(1), CancellationToken.None));
        await AssertDeniedAsync(() => viewer.TokensAsync(CancellationToken.None));
        await AssertDeniedAsync(() => viewer.RevokeTokenAsync("x", CancellationToken.None));
        await AssertDeniedAsync(() => viewer.RemoveHostAsync("h1", CancellationToken.None));
        await AssertDeniedAsync(() => viewer.DiffAsync(new DiffQuery { Stack = "shop", From = 1, Values = true }, CancellationToken.None));
        Assert.Equal("revision 1", (await viewer.DiffAsync(new DiffQuery { Stack = "shop", From = 1 }, CancellationToken.None)).From);
        await AssertDeniedAsync(() => viewer.SetMaintenanceAsync(new MaintenanceRequest("shop", "web", On: true), CancellationToken.None));
        Assert.DoesNotContain(Remove, fleet.Coordinator.Changes);
        Assert.Empty(fleet.Coordinator.RemovedHosts);
        Assert.Empty(fleet.Coordinator.Maintenances);
    }

    [Fact]
    public async Task Agents_certificate_opens_nothing_of_the_API()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var agent = fleet.Client(CertificateRole.Agent);

        await AssertDeniedAsync(() => agent.VersionAsync(CancellationToken.None));
        await AssertDeniedAsync(async () => await agent.ChangeAsync(Watch, CancellationToken.None).ToListAsync());
        await AssertDeniedAsync(() => agent.CreateTokenAsync("agent", TimeSpan.FromHours(1), CancellationToken.None));
    }

    [Theory]
    [InlineData(CertificateRole.Operator)]
    [InlineData(CertificateRole.Viewer)]
    public async Task Peoples_certificates_open_no_agent_link(CertificateRole role)
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var credential = fleet.Credential("someone", role);

        Assert.Equal(403, await LinkStatusAsync(fleet, credential));
    }

    [Fact]
    public async Task Client_without_a_certificate_is_denied_with_the_reason()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = new HttpClient(CoordinatorTransport.Create(fleet.Trust.Authority, certificate: null, TimeProvider.System));

        using var answer = await client.GetAsync(new Uri(fleet.Address, "/v1/version"));

        Assert.Equal(403, (int)answer.StatusCode);
        Assert.Contains("no client certificate", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_of_another_authority_is_denied_with_the_reason()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        await using var other = await CoordinatorFixture.StartAsync();
        using var theirs = other.Credential("eve", CertificateRole.Operator);
        using var mixed = new Credential(theirs.Certificate, fleet.Trust.Authority, theirs.Identity);
        using var client = new CoordinatorHttpClient([fleet.Address], mixed, TimeProvider.System);

        var denied = await AssertDeniedAsync(() => client.VersionAsync(CancellationToken.None));

        Assert.Contains("another authority", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_of_another_authority_is_refused_by_the_client_with_the_reason()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        await using var other = await CoordinatorFixture.StartAsync();
        using var client = new CoordinatorHttpClient([other.Address], fleet.Credential("op", CertificateRole.Operator), TimeProvider.System);

        var denied = await AssertDeniedAsync(() => client.VersionAsync(CancellationToken.None));

        Assert.Contains("the server's certificate was signed by another authority", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_under_a_name_it_has_no_certificate_for_is_refused_and_its_names_are_told()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client(servers: [new Uri($"https://127.0.0.2:{fleet.Port}")]);

        var denied = await AssertDeniedAsync(() => client.VersionAsync(CancellationToken.None));

        Assert.Contains("localhost", denied.Message, StringComparison.Ordinal);
        Assert.Contains("--advertise", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_own_certificate_is_no_clients()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var server = fleet.Trust.ServerContext().TargetCertificate;

        var denied = Assert.Throws<TrustException>(() => fleet.Trust.Authenticate(server));

        Assert.Contains("not one for a client", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_client_certificate_is_denied_with_its_date()
    {
        var time = new VirtualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var fleet = await CoordinatorFixture.StartAsync(time);
        using var client = fleet.Client();
        time.Advance(CertificateAuthority.LeafLife + TimeSpan.FromDays(1));

        var denied = await AssertDeniedAsync(() => client.VersionAsync(CancellationToken.None));

        Assert.Contains("expired on", denied.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removed_hosts_certificate_is_refused_and_a_later_one_of_the_same_name_is_not()
    {
        var time = new VirtualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var fleet = await CoordinatorFixture.StartAsync(time);
        using var old = fleet.Credential("h1", CertificateRole.Agent);
        using var client = fleet.Client();
        time.Advance(TimeSpan.FromSeconds(10));

        await client.RemoveHostAsync("h1", CancellationToken.None);

        Assert.Equal(["h1"], fleet.Coordinator.RemovedHosts);
        var denied = Assert.Throws<TrustException>(() => fleet.Trust.Authenticate(old.Certificate));
        Assert.Contains("revoked", denied.Message, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromSeconds(10));
        using var anew = fleet.Credential("h1", CertificateRole.Agent);
        Assert.Equal("h1", fleet.Trust.Authenticate(anew.Certificate).Name);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, false)]
    [InlineData(SslProtocols.Tls13, true)]
    public async Task Only_TLS_1_3_is_spoken(SslProtocols protocol, bool accepted)
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", fleet.Port);
#pragma warning disable CA5359, CA5398 // The test dials with a protocol of its own and has nothing to protect.
        await using var tls = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        var failure = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", EnabledSslProtocols = protocol }));
#pragma warning restore CA5359, CA5398

        Assert.Equal(accepted, failure is null);
        if (accepted) Assert.Equal(SslProtocols.Tls13, tls.SslProtocol);
        else Assert.IsType<AuthenticationException>(failure);
    }

    private static async Task<CoordinatorException> AssertDeniedAsync(Func<Task> act)
    {
        var denied = await Assert.ThrowsAsync<CoordinatorException>(act);
        Assert.Equal(CoordinatorErrorKind.Denied, denied.Kind);
        return denied;
    }

    private static async Task<int> LinkStatusAsync(CoordinatorFixture fleet, Credential credential)
    {
        using var invoker = new HttpMessageInvoker(CoordinatorTransport.Create(credential.Authority, credential.Certificate, TimeProvider.System));
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"wss://127.0.0.1:{fleet.Port}/v1/agent"), invoker, CancellationToken.None));
        return (int)socket.HttpStatusCode;
    }
}
