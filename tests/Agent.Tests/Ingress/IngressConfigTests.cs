using System.Collections.Immutable;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Traffic;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Ingress;

public sealed class IngressConfigTests : IDisposable
{
    private const string Certificate = "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

    private readonly string _folder = Directory.CreateTempSubdirectory("ingress").FullName;

    private IngressOptions Options => new() { ConfigFolder = Path.Combine(_folder, "config"), RuntimeFolder = Path.Combine(_folder, "run") };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Published_port_and_route_become_these_lines()
    {
        var spec = new TrafficSpec
        {
            Ports = [TestTraffic.Port(8080)],
            Routes = [new RouteSpec { Host = "shop.test", Path = "/api", Port = 9000, Strip = true }],
            MaxConnections = 50,
            Balance = BalanceKind.LeastConnections,
        };
        var options = new IngressOptions { ConfigFolder = "/c", RuntimeFolder = "/r" };
        var config = Write(TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("one", 9000, 8080), TestTraffic.Endpoint("two", 9000, 8080).Draining()))), options);

        const string Tail = """
            frontend port:8080 # shop:web
              mode tcp
              bind 0.0.0.0:8080
              bind [::]:8080 v6only
              timeout client 60000ms
              tcp-request inspect-delay 5s
              tcp-request content accept if HTTP
              use_backend shop:web:p8080:http if HTTP !{ req.payload(0,4) -m str "PRI " }
              default_backend shop:web:p8080:tcp

            frontend http:80
              mode http
              bind 0.0.0.0:80
              bind [::]:80 v6only
              timeout client 60000ms
              timeout http-keep-alive 60000ms
              http-request set-var(txn.host) req.hdr(host),host_only,lower
              http-request set-var(txn.path) path,concat(/)
              http-request set-var(txn.route) str(r0) if !{ var(txn.route) -m found } { var(txn.host) -m str 'shop.test' } { var(txn.path) -m beg '/api/' } # shop:web
              http-request return status 404 content-type text/plain lf-string "No route of this ingress is for %[var(txn.host)]%[path].\n" if !{ var(txn.route) -m found }
              http-request replace-path '^/api/?(.*)$' '/\1' if { var(txn.route) -m str r0 } # shop:web
              use_backend shop:web:r9000:http if { var(txn.route) -m str r0 }

            backend shop:web:p8080:http
              mode http
              balance leastconn
              timeout connect 1000ms
              timeout queue 30000ms
              timeout tunnel 3600000ms
              timeout server 60000ms
              http-reuse safe
              retry-on conn-failure empty-response
              http-request disable-l7-retry if !{ method GET HEAD OPTIONS }
              http-error status 503 content-type text/plain string "No replica of shop/web takes requests now.\n" hdr Retry-After 5
              http-request return status 503 content-type "text/html; charset=utf-8" file /c/pages/PAGE hdr Retry-After 5 if { str(shop:web),map_str(/c/maintenance.map) -m found }
              option forwardfor
              http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
              http-request set-header X-Forwarded-Host %[req.hdr(host)]
              http-request set-header X-Forwarded-Port %[dst_port]
              # servers: check inter 1s fastinter 250ms fall 2 rise 1 observe layer4 error-limit 3 pool-max-conn 1000 pool-purge-delay 1s maxconn 50
              server one:host 127.0.0.1:9000 id ID check inter 1s fastinter 250ms fall 2 rise 1 observe layer4 error-limit 3 pool-max-conn 1000 pool-purge-delay 1s maxconn 50

            backend shop:web:p8080:tcp
              mode tcp
              balance leastconn
              timeout connect 1000ms
              timeout queue 30000ms
              timeout tunnel 3600000ms
              timeout server 60000ms
              tcp-request content reject if { str(shop:web),map_str(/c/maintenance.map) -m found }
            """;
        var id = System.Text.RegularExpressions.Regex.Match(config.Text, " id ([0-9]+) ").Groups[1].Value;
        Assert.Contains(Tail.ReplaceLineEndings("\n").Replace("PAGE", config.Pages.Keys.Single(), StringComparison.Ordinal).Replace("ID", id, StringComparison.Ordinal), config.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("two:host", config.Text, StringComparison.Ordinal);
        Assert.Contains($"  description {config.Structure}\n", config.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Replicas_change_the_text_and_not_the_structure()
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(8080)] };
        var one = Write(TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("one", 9000, 8080)))), Options);
        var again = Write(TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("one", 9000, 8080)))), Options);
        var two = Write(TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("two", 9001, 8080)))), Options);
        var other = Write(TestTraffic.Of(("shop", TestTraffic.Service(spec with { MaxConnections = 5 }, TestTraffic.Endpoint("one", 9000, 8080)))), Options);

        Assert.Equal((one.Text, one.Structure), (again.Text, again.Structure));
        Assert.Equal(one.Structure, two.Structure);
        Assert.NotEqual(one.Text, two.Text);
        Assert.NotEqual(one.Structure, other.Structure);
    }

    [Fact]
    public void Script_that_is_loaded_is_part_of_the_structure()
    {
        var paths = new IngressPaths(Options);
        IngressConfig With(string hold, string latency, bool holds)
        {
            var spec = new TrafficSpec { Ports = [TestTraffic.Port(8080)], Maintenance = new MaintenanceSpec { Hold = holds ? TimeSpan.FromSeconds(1) : TimeSpan.Zero } };
            var layout = IngressLayout.Of(TestTraffic.Of(("shop", TestTraffic.Service(spec))), _ => null);
            return IngressConfig.For(layout, paths, Options, hasIpv6: true, [(paths.Hold, hold), (paths.Latency, latency)]);
        }

        Assert.NotEqual(With("one", "x", holds: true).Structure, With("two", "x", holds: true).Structure);
        Assert.Equal(With("one", "x", holds: true).Structure, With("one", "y", holds: true).Structure);
        Assert.Equal(With("one", "x", holds: false).Structure, With("two", "x", holds: false).Structure);
        Assert.Equal([(paths.Hold, "one")], With("one", "x", holds: true).Scripts.Select(script => (script.Key, script.Value)));
    }

    [Fact]
    public void Routes_are_tried_exact_first_and_the_longest_path_first()
    {
        RouteSpec Route(string host, string path = "/") => new() { Host = host, Path = path, Port = 80 };
        var spec = new TrafficSpec { Routes = [Route(""), Route("~^a"), Route("*.b.test"), Route("a.test", "/x"), Route("*.test"), Route("a.test", "/x/y"), Route("a.*")] };
        var layout = IngressLayout.Of(TestTraffic.Of(("shop", TestTraffic.Service(spec))), _ => null);

        Assert.Equal(["a.test/x/y", "a.test/x", "*.b.test/", "*.test/", "a.*/", "~^a/", "/"], Assert.Single(layout.Routes).Routes.Select(route => route.Spec.Host + route.Spec.Path));
    }

    [Fact]
    public void Port_of_two_stacks_goes_to_the_first_by_name()
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(8080)] };
        var layout = IngressLayout.Of(TestTraffic.Of(("beta", TestTraffic.Service(spec)), ("alpha", TestTraffic.Service(spec))), _ => null);

        Assert.Equal("alpha:web:p8080:tcp", Assert.Single(layout.Published).Tcp);
        var (stack, problem) = Assert.Single(layout.Refused);
        Assert.Equal(("beta", true, "port 8080 of beta:web is taken by alpha:web already; give one of them another port"), (stack, problem.IsFinal, problem.Message));
    }

    [Fact]
    public void Former_port_that_another_program_holds_is_left_out_and_the_new_one_is_not_refused_for_it()
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(9090), TestTraffic.Port(8080)] };
        var service = TestTraffic.Service(spec);
        IngressLayout Of(ServiceTraffic shown) => IngressLayout.Of(TestTraffic.Of(("shop", shown)), address => address.Port == 8080 ? "nginx has it" : null);

        Assert.Single(Of(service).Refused);
        var layout = Of(service with { FormerPorts = [8080] });
        Assert.Equal(9090, Assert.Single(layout.Published).Address.Port);
        Assert.Empty(layout.Refused);
    }

    /// <summary>Every choice against every other would be thousands of files; each file here takes the next of each choice, at different paces, so that pairs meet.</summary>
    [Fact]
    public async Task HAProxy_takes_every_configuration()
    {
        for (var n = 0; n < 48; n++)
        {
            T Pick<T>(int pace, params T[] choices) => choices[n / pace % choices.Length];
            var route = new RouteSpec
            {
                Host = Pick(1, "a.test", "*.a.test", "a.*", "~^(www|it's)\\.a\\.test$", ""),
                Path = Pick(1, "/", "/api", "/a.b(c)/%20"),
                Port = 80,
                Strip = Pick(2, true, false),
                Protocol = Pick(1, BackendProtocol.Http, BackendProtocol.Https, BackendProtocol.H2c, BackendProtocol.Tls),
                Certificate = Pick(3, Certificate, null),
                Redirect = Pick(5, true, false),
                HttpsPort = Pick(7, 443, 8443),
            };
            var spec = new TrafficSpec
            {
                Ports = [TestTraffic.Port(8080, Pick(1, Enum.GetValues<PortApplication>()), Pick(2, 80, 22, 9999)) with { HostIp = Pick(5, null, "127.0.0.1", "::1") }],
                Routes = [route, route with { Host = "ended.test", Protocol = BackendProtocol.Http, Certificate = Pick(2, Certificate, null) }],
                Balance = Pick(3, Enum.GetValues<BalanceKind>()),
                Sticky = Pick(2, null, new StickySpec(StickyKind.Cookie), new StickySpec(StickyKind.Source)),
                Slo = Pick(3, null, new SloSpec { P95 = TimeSpan.FromSeconds(1) }),
                MaxConnections = Pick(4, 0, 7),
                ProxyProtocol = new ProxyProtocolSpec(Pick(2, false, true), Pick(3, false, true)),
                Maintenance = new MaintenanceSpec { Hold = Pick(2, TimeSpan.Zero, TimeSpan.FromMinutes(10)), Page = Pick(3, null, "<p>'\"</p>") },
            };
            var traffic = TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("one", 80, 8080), TestTraffic.Endpoint("two", 80, 8080) with { Address = "fd00::1" })));
            Write(traffic, Options);
            var said = await HaproxyInstances.CheckAsync(Options);
            Assert.True(said.Length == 0, $"combination {n}: {said}\n{await File.ReadAllTextAsync(new IngressPaths(Options).Config)}");
        }
    }

    private static IngressConfig Write(HostTraffic traffic, IngressOptions options)
    {
        var layout = IngressLayout.Of(traffic, _ => null);
        var config = IngressConfig.For(layout, new IngressPaths(options), options, hasIpv6: true);
        if (options.ConfigFolder == "/c") return config;
        var files = new IngressFiles(new IngressPaths(options));
        files.CreateFolders();
        files.Write(layout, config, DateTimeOffset.UnixEpoch.AddYears(50));
        return config;
    }
}
