using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Ingress.Runtime;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Ingress;

public sealed class RuntimeTests
{
    private const string Proc = """
        #<PID>          <type>          <reloads>       <uptime>        <version>
        24982           master          2 [failed: 1]   0d00h14m29s     2.6.12-1+deb12u4
        # workers
        4766            worker          0               0d00h00m03s     2.6.12-1+deb12u4
        # old workers
        25032           worker          1               0d00h14m26s     2.6.12-1+deb12u4
        25033           worker          2               0d00h15m26s     2.6.12-1+deb12u4
        # programs

        """;

    private const string Stat = """
        # pxname,svname,qcur,scur,stot,econ,eresp,status,type,hrsp_2xx,hrsp_5xx,check_desc,addr,rtime,
        .tls:443,inner,0,0,0,0,0,no check,2,,,,,,
        shop:web:p80:http,one:h1,1,2,9,3,4,UP 1/2,2,5,6,"Layer4, passed",127.0.0.1:80,7,
        shop:web:p80:http,two:h1,0,0,0,0,0,MAINT,2,,,,[fd00::1]:80,,
        shop:web:p80:http,BACKEND,0,0,0,0,0,UP,1,,,,,,
        """;

    [Fact]
    public void Processes_are_told_apart()
    {
        var table = ProcessTable.Parse(Proc);

        Assert.Equal((4766, 1), (table.Current, table.FailedReloads));
        Assert.Equal([25032, 25033], table.Old.ToArray());
    }

    [Fact]
    public void Statistics_are_read_by_the_names_of_their_columns()
    {
        var stats = WorkerStats.Parse(Stat);

        Assert.Equal(["shop:web:p80:http"], stats.Backends);
        Assert.Equal(new ServerStats("shop:web:p80:http", "one:h1", "127.0.0.1:80", "UP 1/2") { Open = 3, SessionsTotal = 9, Answers = 11, ServerErrors = 6, ConnectionErrors = 7, ResponseMs = 7 }, stats.Servers[0]);
        Assert.Equal(("[fd00::1]:80", true), (stats.Servers[1].Address, stats.Servers[1].IsOut));
        Assert.Equal(new EndpointCounters(22, 12, 14, 6, 18, 7), IngressActor.Totals([stats, stats])["one@h1"]);
    }

    [Fact]
    public void Lesser_answers_are_read()
    {
        Assert.Equal("abc", Answers.Description("Name: HAProxy\ndescription: abc\n"));
        Assert.Equal(["shop:web"], Answers.MapKeys("0x7fd9dc047ba0 shop:web 1\n\n"));
        Assert.Equal(["/r/certificates/c.pem"], Answers.Certificates("# filename\n/r/certificates/c.pem\n\n"));
        Assert.Equal(["0x1"], Answers.Sessions("0x1: proto=tcpv4 fe=x be=y srv=one:h1 ts=00\n0x2: proto=tcpv4 srv=one:h10 ts=00\n", "one:h1").ToArray());
    }

    [Fact]
    public void Servers_alone_are_changed_by_command()
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(80, PortApplication.Http)] };
        var layout = IngressLayout.Of(TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("new", 81, 80), TestTraffic.Endpoint("moved", 82, 80)))), _ => null);
        ServerStats Server(string name, string status, long open) => new("shop:web:p80:http", name, "127.0.0.1:80", status) { Open = open };
        var plan = WorkerPlan.For(
            layout,
            new WorkerStats(["shop:web:p80:http"], [Server("moved:host", "UP", 0), Server("running:host", "UP", 0), Server("idle:host", "MAINT", 0), Server("busy:host", "MAINT", 1), Server("gone:host", "MAINT", 1)]),
            ["busy:host"]);

        Assert.Equal("set server shop:web:p80:http/moved:host addr 127.0.0.1 port 82", plan.Needed[0]);
        Assert.StartsWith("add server shop:web:p80:http/new:host 127.0.0.1:81 id ", plan.Needed[1], StringComparison.Ordinal);
        Assert.Equal(["enable health shop:web:p80:http/new:host", "enable server shop:web:p80:http/new:host", "set server shop:web:p80:http/running:host state maint"], plan.Needed.Skip(2));
        Assert.Equal(["shutdown sessions server shop:web:p80:http/gone:host", "del server shop:web:p80:http/idle:host"], plan.Cleanup.ToArray());
    }

    [Theory]
    [InlineData(0, 10, 100, 0)]
    [InlineData(7.9, 10, 100, 0)]
    [InlineData(8, 10, 100, 10)]
    [InlineData(9.9, 10, 100, 100)]
    [InlineData(89, 100, 100, 0)]
    [InlineData(90, 100, 100, 2)]
    [InlineData(9, 10, 0, 0)]
    public void Open_sessions_are_closed_evenly_over_the_end_of_the_window(double elapsed, double timeout, int open, int closed) =>
        Assert.Equal(closed, DrainWindow.ToClose(TimeSpan.FromSeconds(elapsed), TimeSpan.FromSeconds(timeout), open));

    [Theory]
    [InlineData("0100007F:1F90", null, "77")]
    [InlineData("0100007F:1F90", "127.0.0.1", "77")]
    [InlineData("0100007F:1F90", "127.0.0.2", null)]
    [InlineData("00000000:1F90", "127.0.0.2", "77")]
    [InlineData("00000000:1F91", null, null)]
    public void Listener_that_collides_is_found_in_the_kernels_table(string local, string? wanted, string? inode) =>
        Assert.Equal(inode, HeldPorts.Inode($"   0: {local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0000 100 0 0 10 0", new ListenAddress(wanted, 8080), isIpv6: false));

    [Fact]
    public void Addresses_that_are_bound_are_read_from_the_file() => Assert.Equal(
        ["127.0.0.1:81", "8080", "[::1]:82"],
        IngressDriver.BoundAddresses("  bind unix@\"x\"\n  bind 0.0.0.0:8080\n  bind [::]:8080 v6only\n  bind 127.0.0.1:81 accept-proxy\n  bind [::1]:82\n").Order(StringComparer.Ordinal).ToArray());

    [Theory]
    [InlineData("[ALERT] config : parsing [/c/haproxy.cfg:3] : bad", "shop:web")]
    [InlineData("[ALERT] config : parsing [/c/haproxy.cfg:5] : bad; [ALERT] config : parsing [/c/haproxy.cfg:7] : worse", "other:db shop:api")]
    [InlineData("[ALERT] config : parsing [/c/haproxy.cfg:2] : bad", "")]
    [InlineData("[ALERT] config : parsing [/c/haproxy.cfg:9] : bad", "")]
    [InlineData("[ALERT] config : parsing [/c/haproxy.cfg:99] : bad", "")]
    [InlineData("[ALERT] Not enough memory", "")]
    public void Owner_of_a_refused_line_is_told_by_the_line_or_its_section(string said, string owners)
    {
        const string Config = "frontend http:80\n  mode http\n  use_backend shop:web:r80:http # shop:web\nfrontend port:81 # shop:api\n  timeout client 1s\nbackend other:db:p5:tcp\n  mode tcp\nbackend .tls:443\n  mode tcp";
        Assert.Equal(owners, string.Join(' ', RefusedLines.Owners(said, Config)));
    }
}
