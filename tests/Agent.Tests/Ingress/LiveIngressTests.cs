using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Traffic;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>Replicas, reloads and upgrades.</summary>
public sealed class LiveIngressTests : LiveIngressKit
{
    /// <summary>Over several looks of the actor, 200 ms apart.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Replicas_swapped_under_load_fail_no_request()
    {
        var old = Replica("0");
        Show(Web(Up(old)));
        await using var load = new TestLoad($"http://127.0.0.1:{PublishedPort}/", clients: 4);
        for (var swap = 1; swap <= 15; swap++)
        {
            var next = Replica($"{swap}");
            Show(Web(Up(old), Up(next)));
            Show(Web(Up(old).Draining(), Up(next)));
            AwaitDrained(old);
            Show(Web(Up(next)));
            await load.MoreAsync(20);
            old.Dispose();
            old = next;
        }

        Assert.Empty(await load.EndAsync());
        Assert.Equal(1, Instances.Started);
    }

    [Fact]
    public async Task Drain_waits_for_the_request_that_runs_and_lets_no_other_in()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        Show(Web(Up(a)));
        var held = GetAsync("/held");
        await a.Held.WaitAsync(Patience);

        Show(Web(Up(a).Draining(), Up(b)));
        for (var i = 0; i < 6; i++) Assert.StartsWith("b ", await GetAsync("/"), StringComparison.Ordinal);
        ExpectNoMsg(Moment);
        a.Release();
        AwaitDrained(a);
        Assert.StartsWith("a GET /held", await held, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_amid_a_drain_neither_revives_the_replica_nor_cuts_its_request()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        Show(Web(Up(a)));
        var held = GetAsync("/held");
        await a.Held.WaitAsync(Patience);
        Show(Web(Up(a).Draining(), Up(b)));

        var other = FreePort();
        Show(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort), TestTraffic.Port(other)] }, Up(a).Draining(), TestTraffic.Endpoint("b", b.Port, PublishedPort, other))));
        for (var i = 0; i < 6; i++) Assert.StartsWith("b ", await GetAsync("/"), StringComparison.Ordinal);
        Assert.StartsWith("b ", await GetAsync("/", other), StringComparison.Ordinal);
        ExpectNoMsg(Moment);
        a.Release();
        AwaitDrained(a);
        Assert.StartsWith("a GET /held", await held, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_cookie_leads_to_the_same_replica_until_that_drains()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort, PortApplication.Http)], Sticky = new StickySpec(StickyKind.Cookie) };
        Show(("shop", TestTraffic.Service(spec, Up(a))));

        // Added at run time, it has its cookie all the same.
        Show(("shop", TestTraffic.Service(spec, Up(a), Up(b))));
        var (cookie, first) = await CookieAsync();
        for (var i = 0; i < 4; i++) Assert.Equal(first, (await GetAsync("/", cookie: cookie))[0]);

        Endpoint State(TestReplica replica) => replica.Name[0] == first ? Up(replica).Draining() : Up(replica);
        Show(("shop", TestTraffic.Service(spec, State(a), State(b))));
        for (var i = 0; i < 4; i++) Assert.NotEqual(first, (await GetAsync("/", cookie: cookie))[0]);
    }

    [Fact]
    public async Task Request_held_in_maintenance_is_answered_by_a_replica_afterwards_also_across_a_reload()
    {
        var a = Replica("a");
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)], Maintenance = new MaintenanceSpec { Hold = TimeSpan.FromMinutes(1) } };
        Show(("shop", TestTraffic.Service(spec, Up(a))));
        Show(("shop", TestTraffic.Service(spec, Up(a)) with { IsInMaintenance = true }));
        var held = GetAsync("/");
        ExpectNoMsg(Moment);
        Assert.False(held.IsCompleted, "the request was answered while maintenance was on");

        var wider = spec with { Ports = [TestTraffic.Port(PublishedPort), TestTraffic.Port(FreePort())] };
        Show(("shop", TestTraffic.Service(wider, Up(a)) with { IsInMaintenance = true }));
        Assert.False(held.IsCompleted, "the reload answered the request");
        Show(("shop", TestTraffic.Service(wider, Up(a))));
        Assert.StartsWith("a ", await held, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintenance_without_hold_answers_the_page_at_once()
    {
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)], Maintenance = new MaintenanceSpec { Page = "<p>back at noon</p>" } };
        Show(("shop", TestTraffic.Service(spec, Up(Replica("a"))) with { IsInMaintenance = true }));

        using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{PublishedPort}/"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "<p>back at noon</p>", true), (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.RetryAfter is not null));
    }

    [Fact]
    public async Task Upgrade_takes_the_sockets_over_under_load()
    {
        var a = Replica("a");
        Show(Web(Up(a)));
        await using var load = new TestLoad($"http://127.0.0.1:{PublishedPort}/", clients: 4);
        await load.MoreAsync(50);
        Instances.Version++;
        await AwaitAssertAsync(() => Assert.Equal(2, Instances.Started), Patience);
        await AwaitAssertAsync(() => Assert.Single(Instances.ListAsync(CancellationToken.None).Result), Patience);
        await load.MoreAsync(50);

        Assert.Empty(await load.EndAsync());
        Assert.True(Assert.Single(await Instances.ListAsync(CancellationToken.None)).IsCurrent);
    }

    [Fact]
    public async Task Route_that_HAProxy_refuses_is_its_own_stacks_loss_and_nobody_elses()
    {
        var (a, b, c) = (Replica("a"), Replica("b"), Replica("c"));
        var (other, new1) = (FreePort(), FreePort());
        (string, ServiceTraffic) Shop(TestReplica replica, params RouteSpec[] routes) =>
            ("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)], Routes = [.. routes] }, Up(replica)));
        (string, ServiceTraffic) Other(params int[] ports) =>
            ("other", TestTraffic.Service(new TrafficSpec { Ports = [.. ports.Select(port => TestTraffic.Port(port))] }, TestTraffic.Endpoint("b", b.Port, ports)));
        Show(Shop(a), Other(other));

        // What it was before goes on, with the replicas of now; another stack gets its new port.
        var broken = new RouteSpec { Host = "~^(", Port = c.Port, HttpPort = FreePort() };
        Apply(Shop(c, broken), Other(other, new1));
        var refused = Assert.Single(FishForMessage<SinkMessage.Applied>(m => m.Number == Number, Patience).Refused);
        Assert.Equal(("shop", true), (refused.Key, refused.Value.IsFinal));
        Assert.Contains("HAProxy does not take what shop:web asks of it", refused.Value.Message, StringComparison.Ordinal);
        Assert.Contains("regex '^(' is invalid", refused.Value.Message, StringComparison.Ordinal);
        Assert.StartsWith("c ", await GetAsync("/"), StringComparison.Ordinal);
        Assert.StartsWith("b ", await GetAsync("/", new1), StringComparison.Ordinal);

        // As does an ingress that has to be started anew.
        Instances.KillAll();
        await AwaitAssertAsync(() => Assert.Equal(2, Instances.Started), Patience);
        await AwaitAssertAsync(() => Assert.StartsWith("c ", GetAsync("/").Result, StringComparison.Ordinal), Patience);

        // A route that is mended is shown.
        Show(Shop(c, broken with { Host = "" }), Other(other, new1));
        Assert.StartsWith("c ", await GetAsync("/", broken.HttpPort), StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_configuration_of_which_HAProxy_refuses_a_route_is_shown_without_it()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        var broken = new TrafficSpec { Routes = [new RouteSpec { Host = "~^(", Port = b.Port, HttpPort = FreePort() }] };
        Apply(Web(Up(a)), ("other", TestTraffic.Service(broken, Up(b))));

        Assert.Equal(["other"], FishForMessage<SinkMessage.Applied>(m => m.Number == Number, Patience).Refused.Keys);
        Assert.StartsWith("a ", await GetAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Configuration_that_HAProxy_refuses_as_a_whole_leaves_the_old_one_serving()
    {
        var a = Replica("a");
        using var certificate = new TestCertificate("shop.test");
        Show(Web(Up(a)));
        var route = new RouteSpec { Host = "shop.test", Port = a.Port, Certificate = certificate.File.Id, HttpPort = FreePort(), HttpsPort = FreePort() };
        var traffic = TestTraffic.Of(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)], Routes = [route] }, Up(a))));
        HostTraffic With(CertificateFile file) => new(traffic.Stacks.SetItem("shop", traffic.Stacks["shop"] with { Certificates = [file] }));
        Ingress.Tell(new SinkMessage.Apply(++Number, With(certificate.File with { Pem = "no certificate" })), TestActor);

        var problem = FishForMessage<SinkMessage.Hindered>(m => m.Problem.Message.Contains("does not take the new configuration", StringComparison.Ordinal), Patience).Problem;
        Assert.False(problem.IsFinal);
        Assert.StartsWith("a ", await GetAsync("/"), StringComparison.Ordinal);

        Ingress.Tell(new SinkMessage.Apply(++Number, With(certificate.File)), TestActor);
        FishForMessage<SinkMessage.Applied>(m => m.Number == Number, Patience);
    }

    [Fact]
    public async Task First_bytes_decide_between_HTTP_request_by_request_and_TCP()
    {
        Show(Web(Up(Replica("a")), Up(Replica("b"))));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PublishedPort);
        var seen = new HashSet<char>();
        for (var i = 0; i < 4; i++)
        {
            var answer = await TalkAsync(client, "GET /k HTTP/1.1\r\nHost: shop\r\n\r\n");
            Assert.Contains("x-forwarded-for: 127.0.0.1", answer, StringComparison.OrdinalIgnoreCase);
            seen.Add(answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4]);
        }

        Assert.Equal(2, seen.Count);
        using var raw = new TcpClient();
        await raw.ConnectAsync(IPAddress.Loopback, PublishedPort);
        Assert.Equal("\u0001hello", await TalkAsync(raw, "\u0001hello"));
    }

    [Fact]
    public async Task Connection_that_does_not_end_is_closed_by_the_end_of_its_drain()
    {
        var a = Replica("a");
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort, PortApplication.Tcp)] };
        Show(("shop", TestTraffic.Service(spec, Up(a))));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, PublishedPort);
        Assert.Equal("\u0001x", await TalkAsync(client, "\u0001x"));

        Show(("shop", TestTraffic.Service(spec, Up(a).Draining(TimeSpan.FromSeconds(2)))));
        AwaitDrained(a);
        Assert.Equal("", await ReadAsync(client));
    }

    [Fact]
    public async Task Instance_that_dies_is_replaced()
    {
        var a = Replica("a");
        Show(Web(Up(a)));
        Instances.KillAll();
        await AwaitAssertAsync(() => Assert.Equal(2, Instances.Started), Patience);
        await AwaitAssertAsync(() => Assert.StartsWith("a ", GetAsync("/").Result, StringComparison.Ordinal), Patience);
    }

    [Fact]
    public async Task Nothing_is_left_once_no_stack_listens()
    {
        var a = Replica("a");
        var options = new IngressOptions { ConfigFolder = Path.Combine(Folder, "config2"), RuntimeFolder = Path.Combine(Folder, "run2"), Linger = TimeSpan.Zero };
        using var instances = new HaproxyInstances(options);
        var driver = new IngressDriver(options, instances, _ => null, hasIpv6: false);
        var traffic = TestTraffic.Of(Web(Up(a)));
        using var bound = new CancellationTokenSource(Patience);
        while (!(await driver.LookAsync(traffic, TimeProvider.System.GetUtcNow(), bound.Token)).IsShown) Assert.True(Directory.Exists(options.ConfigFolder));

        Assert.True((await driver.LookAsync(HostTraffic.Empty, TimeProvider.System.GetUtcNow(), bound.Token)).IsShown);

        Assert.Empty(await instances.ListAsync(bound.Token));
        Assert.False(Directory.Exists(options.ConfigFolder));
        Assert.False(Directory.Exists(options.RuntimeFolder));

        // And from nothing again.
        while (!(await driver.LookAsync(traffic, TimeProvider.System.GetUtcNow(), bound.Token)).IsShown) Assert.True(Directory.Exists(options.ConfigFolder));
    }

    [Fact]
    public async Task Port_of_another_program_hinders_nothing_else()
    {
        var a = Replica("a");
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;
        Apply(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort), TestTraffic.Port(taken)] }, Up(a))));

        var problem = FishForMessage<SinkMessage.Applied>(_ => true, Patience).Refused["shop"];
        Assert.True(problem.IsFinal);
        Assert.Contains($"port {taken} of shop:web: another program listens there", problem.Message, StringComparison.Ordinal);
        await AwaitAssertAsync(() => Assert.StartsWith("a ", GetAsync("/").Result, StringComparison.Ordinal), Patience);
        other.Stop();

        // In between it may be told again: the socket is gone while its owner is looked up.
        FishForMessage<SinkMessage.Applied>(m => m.Refused.IsEmpty, Patience);
    }

    [Fact]
    public async Task Routes_lead_by_host_and_path_over_TLS_with_the_routes_certificate()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        var (plain, tls) = (FreePort(), FreePort());
        using var made = new TestCertificate("shop.test");
        var file = made.File;
        RouteSpec Route(TestReplica replica, string path) => new() { Host = "shop.test", Path = path, Strip = true, Port = replica.Port, Certificate = file.Id, HttpPort = plain, HttpsPort = tls };
        var traffic = TestTraffic.Of(("shop", TestTraffic.Service(new TrafficSpec { Routes = [Route(a, "/"), Route(b, "/api")] }, Up(a), Up(b))));
        Show(new HostTraffic(traffic.Stacks.SetItem("shop", traffic.Stacks["shop"] with { Certificates = [file] })));

        using var http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (context, cancellation) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => made.IsIt(shown) },
        });
        var api = await http.GetStringAsync(new Uri($"https://shop.test:{tls}/api/x"));
        Assert.StartsWith("b GET /x ", api, StringComparison.Ordinal);
        Assert.Contains("x-forwarded-proto: https", api, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("a GET /apix ", await http.GetStringAsync(new Uri($"https://shop.test:{tls}/apix")), StringComparison.Ordinal);
        using var moved = await http.GetAsync(new Uri($"http://shop.test:{plain}/api/x?q=1"));
        Assert.Equal((308, $"https://shop.test:{tls}/api/x?q=1"), ((int)moved.StatusCode, moved.Headers.Location?.ToString()));
        using var lost = await http.GetAsync(new Uri($"http://other.test:{plain}/"));
        Assert.Equal((404, "No route of this ingress is for other.test/.\n"), ((int)lost.StatusCode, await lost.Content.ReadAsStringAsync()));
    }

    /// <summary>As after a reboot: the engine has started HAProxy on the configuration that the disk has, and certificates were in memory only.</summary>
    [Fact]
    public async Task Process_that_began_without_certificates_serves_all_the_same_and_loads_them_once_the_agent_is_there()
    {
        var a = Replica("a");
        var tls = FreePort();
        using var made = new TestCertificate("shop.test");
        var route = new RouteSpec { Host = "shop.test", Port = a.Port, Certificate = made.File.Id, HttpPort = FreePort(), HttpsPort = tls };
        var traffic = TestTraffic.Of(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)], Routes = [route] }, Up(a))));
        traffic = new HostTraffic(traffic.Stacks.SetItem("shop", traffic.Stacks["shop"] with { Certificates = [made.File] }));
        Show(traffic);
        Assert.True(await made.IsShownAsync(tls));
        await Ingress.GracefulStop(Patience);
        Instances.KillAll();
        await Instances.RemoveAsync(Assert.Single(await Instances.ListAsync(CancellationToken.None)), CancellationToken.None);
        Directory.Delete(Path.Combine(Folder, "run"), recursive: true);
        foreach (var folder in (string[])["certificates", "a", "b"]) Directory.CreateDirectory(Path.Combine(Folder, "run", folder));

        await Instances.StartAsync("a", null, CancellationToken.None);
        await AwaitAssertAsync(() => Assert.StartsWith("a ", GetAsync("/").Result, StringComparison.Ordinal), Patience);
        Assert.False(await made.IsShownAsync(tls));

        var ingress = StartIngress();
        ingress.Tell(new SinkMessage.Apply(++Number, traffic), TestActor);
        AwaitApplied();
        Assert.True(await made.IsShownAsync(tls));
        Assert.Equal(2, Instances.Started);
    }

    /// <summary>As within an update that moves one route's port, while another route of the same service stays where it was.</summary>
    [Fact]
    public async Task Route_whose_container_port_has_changed_leads_to_old_and_new_replicas_each_at_its_own()
    {
        var (oldMoved, oldOther, newMoved) = (Replica("o"), Replica("s"), Replica("n"));
        var http = FreePort();
        var (moved, other) = (new RouteSpec { Path = "/moved", Port = newMoved.Port, HttpPort = http }, new RouteSpec { Path = "/other", Port = newMoved.Port, HttpPort = http });
        Endpoint Of(string id, int toMoved, int toOther) => TestTraffic.Endpoint(id, 9) with
        {
            RoutePorts = [toMoved, toOther],
            Routes = ImmutableSortedDictionary<string, int>.Empty.Add(moved.Key, toMoved).Add(other.Key, toOther),
        };
        var spec = new TrafficSpec { Routes = [moved, other] };
        async Task<string> SeenAsync(string path) => string.Concat((await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => GetAsync(path, http)))).Select(answer => answer[0]).Distinct().Order());

        Show(("shop", TestTraffic.Service(spec, Of("old", oldMoved.Port, oldOther.Port), Of("new", newMoved.Port, newMoved.Port))));
        Assert.Equal("no", await SeenAsync("/moved"));
        Assert.Equal("ns", await SeenAsync("/other"));

        Show(("shop", TestTraffic.Service(spec, Of("old", oldMoved.Port, oldOther.Port).Draining(), Of("new", newMoved.Port, newMoved.Port))));
        Assert.Equal("n", await SeenAsync("/moved"));
        Show(("shop", TestTraffic.Service(spec, Of("new", newMoved.Port, newMoved.Port))));
        Assert.Equal("n", await SeenAsync("/other"));
    }

    [Fact]
    public async Task Counters_are_those_of_each_replica()
    {
        Show(Web(Up(Replica("a")), Up(Replica("b"))));
        for (var i = 0; i < 4; i++) await GetAsync("/");
        Ingress.Tell(new IngressMessage.GetCounters(7), TestActor);

        var counters = ExpectMsg<IngressMessage.Counters>(Patience);
        Assert.Equal((7, null), (counters.Token, counters.Error));
        Assert.Equal(["a@host=2", "b@host=2"], counters.Endpoints.Select(pair => $"{pair.Key}={pair.Value.Requests}"));
    }

    [Fact]
    public async Task Errors_and_response_times_are_counted_where_a_service_is_held_to_a_p95()
    {
        var (a, b) = (Replica("a"), Replica("b"));
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort), TestTraffic.Port(FreePort(), PortApplication.Tcp)], Slo = new SloSpec { P95 = TimeSpan.FromSeconds(1) } };
        Show(("shop", TestTraffic.Service(spec, Up(a))));
        for (var i = 0; i < 4; i++) await GetAsync("/");
        await GetAsync("/fault");
        var held = GetAsync("/held");
        await a.Held.WaitAsync(Patience);
        ExpectNoMsg(TimeSpan.FromMilliseconds(400));
        a.Release();
        await held;

        // One that is added at run time is counted too.
        Show(("shop", TestTraffic.Service(spec, Up(a).Draining(), Up(b))));
        await GetAsync("/");
        Ingress.Tell(new IngressMessage.GetCounters(1), TestActor);

        var counters = FishForMessage<IngressMessage.Counters>(_ => true, Patience).Endpoints;
        var (first, second) = (counters["a@host"].Tally("a@host"), counters["b@host"].Tally("b@host"));
        Assert.Equal((6, 1, 6), (first.Requests, first.Errors, first.Latencies.Sum()));
        Assert.InRange(LatencyBuckets.Percentile(first.Latencies, 1)!.Value, TimeSpan.FromMilliseconds(330), TimeSpan.FromSeconds(10));
        Assert.InRange(LatencyBuckets.Percentile(first.Latencies, 0.5)!.Value, TimeSpan.Zero, TimeSpan.FromMilliseconds(330));
        Assert.Equal((1, 0, 1), (second.Requests, second.Errors, second.Latencies.Sum()));
    }

    [Fact]
    public async Task Counts_outlast_reloads_where_a_service_is_judged_by_them()
    {
        var a = Replica("a");
        var spec = new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort, PortApplication.Http)], Slo = new SloSpec { ErrorRate = 0.1, P95 = TimeSpan.FromSeconds(1) } };
        Show(("shop", TestTraffic.Service(spec, Up(a))));
        for (var reload = 1; reload <= 3; reload++)
        {
            await GetAsync("/");
            await GetAsync("/fault");
            spec = spec with { Ports = spec.Ports.Add(TestTraffic.Port(FreePort())) };
            Show(("shop", TestTraffic.Service(spec, Up(a))));
        }

        // Also once the processes of before have ended.
        await AwaitAssertAsync(() => Assert.Equal(1, WorkersAsync().Result), Patience);
        await GetAsync("/");
        Ingress.Tell(new IngressMessage.GetCounters(1), TestActor);
        var tally = FishForMessage<IngressMessage.Counters>(_ => true, Patience).Endpoints["a@host"].Tally("a@host");
        Assert.Equal((7, 3, 7), (tally.Requests, tally.Errors, tally.Latencies.Sum()));
    }

    [Fact]
    public async Task Connections_are_what_is_counted_where_no_HTTP_is_spoken()
    {
        var a = Replica("a");
        Show(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort, PortApplication.Tcp)] }, Up(a))));
        for (var i = 0; i < 3; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, PublishedPort);
            Assert.Equal("\u0001x", await TalkAsync(client, "\u0001x"));
        }

        Ingress.Tell(new IngressMessage.GetCounters(1), TestActor);
        var tally = FishForMessage<IngressMessage.Counters>(_ => true, Patience).Endpoints["a@host"].Tally("a@host");
        Assert.Equal((3, 0, true), (tally.Requests, tally.Errors, tally.Latencies.IsEmpty));
    }
}
