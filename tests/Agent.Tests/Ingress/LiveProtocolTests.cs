using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Agent.Traffic;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>What is spoken, byte for byte.</summary>
public sealed class LiveProtocolTests : LiveIngressKit
{
    [Fact]
    public async Task TLS_that_is_passed_through_reaches_the_replica_untouched_beside_TLS_that_is_ended_here()
    {
        using var own = new TestCertificate("own.test");
        using var ended = new TestCertificate("ended.test");
        using var server = new TestServer(async (stream, cancellation) =>
        {
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = own.Certificate }, cancellation);
            var buffer = new byte[100];
            while (await tls.ReadAsync(buffer, cancellation) is > 0 and var read) await tls.WriteAsync(buffer.AsMemory(0, read), cancellation);
        });
        var a = Replica("a");
        var (http, https) = (FreePort(), FreePort());
        var spec = new TrafficSpec
        {
            Routes =
            [
                new RouteSpec { Host = "own.test", Port = server.Port, Protocol = BackendProtocol.Tls, HttpPort = http, HttpsPort = https },
                new RouteSpec { Host = "ended.test", Port = a.Port, Certificate = ended.File.Id, HttpPort = http, HttpsPort = https },
            ],
        };
        var traffic = TestTraffic.Of(("shop", TestTraffic.Service(spec, Up(a) with { RoutePorts = [server.Port, a.Port] })));
        Show(new HostTraffic(traffic.Stacks.SetItem("shop", traffic.Stacks["shop"] with { Certificates = [ended.File] })));

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, https);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) => own.IsIt(shown));
        await tls.AuthenticateAsClientAsync("own.test");
        await tls.WriteAsync("not HTTP"u8.ToArray());
        var answer = new byte[8];
        await tls.ReadExactlyAsync(answer);
        Assert.Equal("not HTTP", Encoding.ASCII.GetString(answer));
        Assert.True(await ended.IsShownAsync(https));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Replica_that_speaks_HTTP_2_without_TLS_answers_clients_of_both_versions(string version)
    {
        using var server = new TestServer(TestServer.Http2Async);
        var http = FreePort();
        var route = new RouteSpec { Port = server.Port, Protocol = BackendProtocol.H2c, HttpPort = http };
        Show(("shop", TestTraffic.Service(new TrafficSpec { Routes = [route] }, TestTraffic.Endpoint("a", server.Port))));

        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{http}/") { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await Http.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, "h2"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Replica_is_told_the_clients_address_by_PROXY_protocol()
    {
        var seen = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var server = new TestServer(async (stream, cancellation) =>
        {
            var header = new byte[28];
            await stream.ReadExactlyAsync(header, cancellation);
            seen.TrySetResult(header);
        });
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort, PortApplication.Tcp)], ProxyProtocol = new ProxyProtocolSpec(Send: true) };
        Show(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("a", server.Port, PublishedPort))));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PublishedPort);

        var header = await seen.Task.WaitAsync(Patience);
        Assert.Equal([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11], header[..14]);
        Assert.Equal((IPAddress.Loopback, ((IPEndPoint)client.Client.LocalEndPoint!).Port), (new IPAddress(header[16..20]), BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(24))));
        Assert.Equal(PublishedPort, BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(26)));
    }

    [Fact]
    public async Task Address_that_PROXY_protocol_tells_is_taken_for_the_clients_and_who_tells_none_is_refused()
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)], ProxyProtocol = new ProxyProtocolSpec(Accept: true) };
        Show(("shop", TestTraffic.Service(spec, Up(Replica("a")))));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PublishedPort);
        Assert.Contains("x-forwarded-for: 203.0.113.7", await TalkAsync(client, "PROXY TCP4 203.0.113.7 127.0.0.1 5555 80\r\nGET / HTTP/1.1\r\nHost: shop\r\n\r\n"), StringComparison.OrdinalIgnoreCase);

        using var plain = new TcpClient();
        await plain.ConnectAsync(IPAddress.Loopback, PublishedPort);
        Assert.DoesNotContain("200", await EndOfAsync(plain, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PortApplication.Tcp)]
    [InlineData(PortApplication.Http)]
    public async Task Client_is_known_by_its_address_also_after_a_reload(PortApplication application)
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort, application)], Sticky = new StickySpec(StickyKind.Source) };
        Endpoint[] replicas = [Up(Replica("a")), Up(Replica("b")), Up(Replica("c"))];
        Show(("shop", TestTraffic.Service(spec, replicas[0])));

        // Added at run time, they have their places all the same.
        Show(("shop", TestTraffic.Service(spec, replicas)));
        var first = await SeenAsync();
        Assert.True(first.Distinct().Count() > 1, $"twelve clients are all at one replica: {first}");
        Assert.Equal(first, await SeenAsync());
        Show(("shop", TestTraffic.Service(spec with { Ports = spec.Ports.Add(TestTraffic.Port(FreePort())) }, replicas)));
        Assert.Equal(first, await SeenAsync());

        async Task<string> SeenAsync()
        {
            var seen = "";
            for (byte address = 2; address < 14; address++)
            {
                using var client = new TcpClient(new IPEndPoint(new IPAddress([127, 0, 0, address]), 0));
                await client.ConnectAsync(IPAddress.Loopback, PublishedPort);
                var answer = await TalkAsync(client, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
                seen += answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4];
            }

            return seen;
        }
    }

    /// <summary>Clients of WebSockets come back when they are closed; not all at once.</summary>
    [Fact]
    public async Task WebSockets_are_closed_one_after_the_other_towards_the_end_of_their_drain()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        Show(Web(Up(a)));
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 10; i++)
            {
                clients.Add(new TcpClient());
                await clients[i].ConnectAsync(IPAddress.Loopback, PublishedPort);
                Assert.StartsWith("HTTP/1.1 101", await TalkAsync(clients[i], "GET /socket HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), StringComparison.Ordinal);
            }

            var began = TimeProvider.System.GetTimestamp();
            Show(Web(Up(a).Draining(TimeSpan.FromSeconds(10)), Up(b)));

            // They go on meanwhile.
            foreach (var client in clients) Assert.Equal("\u0001hi", await TalkAsync(client, "\u0001hi"));
            var ends = await Task.WhenAll(clients.Select(async client =>
            {
                await ReadAsync(client);
                return TimeProvider.System.GetElapsedTime(began);
            }));
            AwaitDrained(a);

            // What is left of the ten seconds is two, in ticks of a fifth of a second; a machine under load may merge some.
            Assert.InRange(ends.Min(), TimeSpan.FromSeconds(7.5), TimeSpan.FromSeconds(30));
            Assert.InRange(ends.Max() - ends.Min(), TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(30));
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }
    }

    /// <summary>Whatever comes until the other side closes; a reset ends it too.</summary>
    private static async Task<string> EndOfAsync(TcpClient client, string text)
    {
        var all = "";
        try
        {
            all = await TalkAsync(client, text);
            while (await ReadAsync(client) is { Length: > 0 } more) all += more;
        }
        catch (IOException)
        {
            // As it may refuse.
        }

        return all;
    }
}
