using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

/// <summary>What the ingress serves for a service, from <c>ports</c>, <c>route</c> and nginx-proxy's variables.</summary>
public sealed class TrafficTests
{
    private static string Hash(params string[] lines)
    {
        var stack = StackFiles.Good(StackFiles.Yaml(lines));
        return ConfigHash.Of(stack, stack.Services[0], "i");
    }

    private static string[] Warnings(params string[] lines)
    {
        var result = StackFiles.Load(StackFiles.Yaml(lines));
        StackFiles.Good(result);
        return [.. result.Warnings.Select(w => w.ToString())];
    }

    private static IEnumerable<(string Host, string Path, int Port)> Routes(params string[] lines) =>
        StackFiles.Service(lines).Traffic.Routes.Select(r => (r.Host, r.Path, r.Port));

    [Fact]
    public void Published_port_is_the_ingresss_and_host_or_chosen_ports_are_the_containers()
    {
        var service = StackFiles.Service("ports: [\"8080:80\", \"81\", {target: 82, published: 8082, mode: host}, {target: 53, published: 53, protocol: udp, mode: host}, \"127.0.0.1:8083:83\"]");

        Assert.Equal(
            [new IngressPortSpec { Published = 8080, Target = 80 }, new IngressPortSpec { Published = 8083, Target = 83, HostIp = "127.0.0.1" }],
            service.Traffic.Ports.AsEnumerable());
        Assert.Equal([81, 82, 53], service.Container.Ports.Select(p => p.Target));
    }

    /// <summary>An ingress connects to the replica's address, so nothing of a published port is in the container.</summary>
    [Fact]
    public void Traffic_restarts_no_container()
    {
        var plain = Hash();

        Assert.Equal(plain, Hash("ports: [\"8080:80\"]"));
        Assert.Equal(plain, Hash("ports: [\"8081:81\", \"9000-9010:9000-9010\"]"));
        Assert.Equal(plain, Hash("x-orchestrator: {route: {host: a.b, path: /x}, sticky: true, balance: leastconn, slo: {p95: 1s}, maintenance: {hold: 1s}}"));
        Assert.NotEqual(plain, Hash("ports: [{target: 80, published: 8080, mode: host}]"));
    }

    [Theory]
    [InlineData("http", PortApplication.Http)]
    [InlineData("HTTP", PortApplication.Http)]
    [InlineData("tcp", PortApplication.Tcp)]
    [InlineData("https", PortApplication.Tcp)]
    [InlineData("grpc", PortApplication.Tcp)]
    [InlineData("redis", PortApplication.Tcp)]
    public void App_protocol_says_what_is_spoken(string word, PortApplication expected)
    {
        Assert.Equal(expected, StackFiles.Service($"ports: [{{target: 80, published: 80, app_protocol: {word}}}]").Traffic.Ports[0].Application);
        Assert.Equal(PortApplication.Auto, StackFiles.Service("ports: [{target: 80, published: 80}]").Traffic.Ports[0].Application);
    }

    [Theory]
    [InlineData("ports: [\"8080:3000\"]", 3000)]
    [InlineData("expose: [3000]", 3000)]
    [InlineData("expose: [3000]\nports: [\"8080:3000\", \"53/udp\"]", 3000)]
    [InlineData("expose: [3000, 53/udp]", 3000)]
    [InlineData("expose: [3000, 3001]", 80)]
    [InlineData("expose: [3000]\nports: [\"8080:3001\"]", 80)]
    [InlineData("tty: true", 80)]
    public void Route_without_a_port_goes_to_the_sole_exposed_one(string lines, int expected)
    {
        Assert.Equal([("a.b", "/", expected)], Routes([.. lines.Split('\n'), "x-orchestrator: {route: {host: a.b, http_port: 8000}}"]));
        Assert.Equal([("a.b", "/", expected)], Routes([.. lines.Split('\n'), "environment: {VIRTUAL_HOST: a.b}"]));
        Assert.Equal([("a.b", "/", 9)], Routes([.. lines.Split('\n'), "environment: {VIRTUAL_HOST: a.b, VIRTUAL_PORT: 9}"]));
    }

    [Fact]
    public void Variables_of_nginx_proxy_make_routes()
    {
        var routes = StackFiles.Service("environment: [\"VIRTUAL_HOST=A.b, *.c.d,e.*,~^f[0-9]$$,\", VIRTUAL_PATH=/x/, VIRTUAL_PROTO=https]").Traffic.Routes;

        Assert.Equal(["a.b", "*.c.d", "e.*", "~^f[0-9]$"], routes.Select(r => r.Host));
        Assert.All(routes, r => Assert.Equal(("/x", 80, BackendProtocol.Https, 80), (r.Path, r.Port, r.Protocol, r.HttpPort)));
    }

    [Fact]
    public void Variables_may_come_from_an_env_file_and_empty_ones_are_none()
    {
        var stack = new StackFiles().With("a.env", "VIRTUAL_HOST=a.b\nVIRTUAL_PORT=\n").With("stack.yaml", StackFiles.Yaml("env_file: a.env"));

        Assert.Equal(new RouteSpec { Host = "a.b", Port = 80 }, Assert.Single(StackFiles.Good(stack.Load()).Services[0].Traffic.Routes));
        Assert.Empty(StackFiles.Service("environment: {VIRTUAL_HOST: \"\"}").Traffic.Routes);
    }

    [Fact]
    public void Route_wins_over_variables()
    {
        string[] lines = ["environment: {VIRTUAL_HOST: old.example}", "x-orchestrator: {route: {host: new.example}}"];

        Assert.Equal([("new.example", "/", 80)], Routes(lines));
        Assert.Equal(["stack.yaml:4:33: services.web.environment.VIRTUAL_HOST: `x-orchestrator.route` overrides VIRTUAL_HOST; remove one of them"], Warnings(lines));
    }

    [Fact]
    public void Several_hosts_are_several_routes_and_paths_of_one_host_may_be_of_several_services()
    {
        var stack = StackFiles.Good("""
            services:
              a: {image: a, x-orchestrator: {route: [{host: [x.y, z.y]}, {path: /any}]}}
              b: {image: b, x-orchestrator: {route: {host: x.y, path: /api}}}
              c: {image: c, x-orchestrator: {route: {host: x.y, http_port: 8080}}}
            """);

        Assert.Equal(["x.y/", "z.y/", "/any", "x.y/api", "x.y/"], stack.Services.SelectMany(s => s.Traffic.Routes).Select(r => r.Host + r.Path));
    }

    [Theory]
    [InlineData("127.0.0.1:80:1", "10.0.0.1:80:1")]
    [InlineData("0.0.0.0:80:1", "[::1]:80:1")]
    public void One_port_on_two_addresses_is_two_ports(string first, string second) =>
        StackFiles.Good($"services:\n  a: {{image: a, ports: [\"{first}\"]}}\n  b: {{image: b, ports: [\"{second}\"]}}\n");

    [Fact]
    public void Service_on_its_hosts_network_has_routes_and_no_ports()
    {
        string[] lines = ["network_mode: host", "ports: [\"8080:80\"]", "x-orchestrator: {route: {host: a.b, port: 3000}}"];

        var service = StackFiles.Service(lines);

        Assert.Empty(service.Traffic.Ports);
        Assert.Single(service.Traffic.Routes);
        Assert.Equal(["stack.yaml:5:12: services.web.ports: `ports` has no effect with `network_mode: host`: the service's own ports are the host's; remove one of them"], Warnings(lines));
    }

    [Fact]
    public void What_has_no_effect_is_warned_of()
    {
        Assert.Equal(
            [
                "stack.yaml:4:22: services.web.x-orchestrator.balance: `balance` has no effect: no ingress serves the service; publish a port with `ports`, or add a `route`",
                "stack.yaml:4:42: services.web.x-orchestrator.slo: `slo` has no effect: no ingress serves the service; publish a port with `ports`, or add a `route`",
            ],
            Warnings("x-orchestrator: {balance: leastconn, slo: {p95: 1s}}"));
        Assert.Equal(
            ["stack.yaml:4:46: services.web.x-orchestrator.route.strip: `strip` has no effect without `path`; add the path that is to be taken away"],
            Warnings("x-orchestrator: {route: {host: a, strip: true}}"));
        Assert.Equal(
            ["stack.yaml:4:49: services.web.x-orchestrator.proxy_protocol: `accept` has no effect on routes; it is for `ports`, which the service has none of"],
            Warnings("x-orchestrator: {route: {}, proxy_protocol: accept}"));
        Assert.Equal(
            ["stack.yaml:4:52: services.web.environment.VIRTUAL_DEST: VIRTUAL_DEST has no effect here; write `x-orchestrator.route`, which has `strip` and takes a list"],
            Warnings("environment: {VIRTUAL_HOST: a.b, VIRTUAL_DEST: /}"));
    }
}
