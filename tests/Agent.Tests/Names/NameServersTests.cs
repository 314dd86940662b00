using System.Net;
using System.Net.Sockets;
using Orchestrator.Agent.Names;
using Orchestrator.Agent.Traffic;

namespace Orchestrator.Agent.Tests.Names;

/// <summary>On real sockets of the loopback network, whose addresses stand for a stack network's.</summary>
public sealed class NameServersTests : IAsyncLifetime
{
    private const string Gateway = "127.77.0.1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _upstream = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _end = new(Patience);
    private int _port;
    private NameServers _servers = null!;

    public Task InitializeAsync()
    {
        _upstream.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var upstream = (IPEndPoint)_upstream.LocalEndPoint!;
        _port = FreePort();
        _servers = new NameServers(new Random(1), TimeProvider.System, _port, () => [upstream]);
        _servers.Show(NameTable.From(Traffic()));
        Assert.Empty(_servers.Serve([Gateway]));
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _servers.DisposeAsync();
        _upstream.Dispose();
        _end.Dispose();
    }

    private static HostTraffic Traffic(int replicas = 2)
    {
        var traffic = NameTraffic.Of(NameTraffic.Service("web", [.. Enumerable.Range(1, replicas).Select(n => NameTraffic.Endpoint($"w{n}", $"127.77.1.{n}"))]));
        var applied = traffic.Stacks["shop"];
        return new(traffic.Stacks.SetItem("shop", applied with { Overlays = [applied.Overlays[0] with { Subnet = "127.77.0.0/18", Range = "127.77.0.0/25", Gateway = Gateway }] }));
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Parse(Gateway), 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private async Task<byte[]> AskAsync(byte[] query, string from = "127.77.0.90")
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        client.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(new IPEndPoint(IPAddress.Parse(Gateway), _port), _end.Token);
        await client.SendAsync(query, SocketFlags.None, _end.Token);
        var buffer = new byte[4096];
        return buffer[..await client.ReceiveAsync(buffer, SocketFlags.None, _end.Token)];
    }

    private async Task<NetworkStream> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Bind(new IPEndPoint(IPAddress.Parse("127.77.0.90"), 0));
        await client.ConnectAsync(new IPEndPoint(IPAddress.Parse(Gateway), _port), _end.Token);
        return new NetworkStream(client, ownsSocket: true);
    }

    [Fact]
    public async Task Name_is_answered_over_udp()
    {
        Assert.Equal(["127.77.1.1", "127.77.1.2"], Dns.Read(await AskAsync(Dns.Query("web"))).Addresses.Order());
    }

    [Fact]
    public async Task Answer_that_udp_cuts_is_whole_over_tcp_and_the_connection_serves_again()
    {
        _servers.Show(NameTable.From(Traffic(100)));
        Assert.True(Dns.Read(await AskAsync(Dns.Query("web"))).IsTruncated);

        await using var stream = await ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            await DnsStream.WriteAsync(stream, Dns.Query("web"), _end.Token);
            Assert.Equal(100, Dns.Read(await DnsStream.ReadAsync(stream, 65535, _end.Token)).Addresses.Count);
        }
    }

    [Fact]
    public async Task Other_names_go_to_the_hosts_server_and_its_answer_comes_back_untouched()
    {
        var asked = AskAsync(Dns.Query("example.org", edns: 1232));
        var buffer = new byte[4096];
        var received = await _upstream.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _end.Token);
        Assert.Equal(Dns.Query("example.org", edns: 1232), buffer[..received.ReceivedBytes]);
        byte[] answer = [.. buffer[..2], 0x81, 0x80, .. buffer[4..received.ReceivedBytes], 1, 2, 3];
        await _upstream.SendToAsync(answer, SocketFlags.None, received.RemoteEndPoint, _end.Token);

        Assert.Equal(answer, await asked);
    }

    [Fact]
    public async Task Hosts_server_that_is_gone_is_a_failure_at_once()
    {
        _upstream.Dispose();

        Assert.Equal(2, Dns.Read(await AskAsync(Dns.Query("example.org"))).Code);
    }

    [Fact]
    public async Task Server_of_ours_is_never_asked_by_ourselves()
    {
        var port = FreePort();
        await using var servers = new NameServers(new Random(1), TimeProvider.System, port, () => [new IPEndPoint(IPAddress.Parse(Gateway), port)]);
        servers.Show(NameTable.From(Traffic()));
        servers.Serve([Gateway]);
        _port = port;

        Assert.Equal(2, Dns.Read(await AskAsync(Dns.Query("example.org"))).Code);
    }

    [Fact]
    public async Task New_table_is_answered_from_the_next_question_on()
    {
        _servers.Show(NameTable.From(Traffic(1)));

        Assert.Equal(["127.77.1.1"], Dns.Read(await AskAsync(Dns.Query("web"))).Addresses);
    }

    [Fact]
    public async Task Stranger_is_refused() => Assert.Equal(5, Dns.Read(await AskAsync(Dns.Query("web"), from: "127.0.0.1")).Code);

    [Fact]
    public void Address_that_is_not_there_yet_can_be_served_already() => Assert.Empty(_servers.Serve([Gateway, "10.128.0.1"]));

    [Fact]
    public void Port_of_another_program_is_named()
    {
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.77.0.2"), _port));

        var problem = Assert.Single(_servers.Serve([Gateway, "127.77.0.2"]));
        Assert.Contains("another program's", problem, StringComparison.Ordinal);
        other.Dispose();
        Assert.Empty(_servers.Serve([Gateway, "127.77.0.2"]));
    }

    [Fact]
    public void Resolv_conf_is_read_as_the_c_library_does() => Assert.Equal(
        ["9.9.9.9:53", "[2620:fe::fe]:53", "127.0.0.53:53"],
        ResolvConf.Parse(["# nameserver 1.1.1.1", "nameserver 9.9.9.9", "search a b", "nameserver\t2620:fe::fe", "nameserver nonsense", "nameserver 9.9.9.9", "nameserver 127.0.0.53 # x", "nameserver 8.8.8.8"]).Select(s => s.ToString()));
}
