namespace Orchestrator.Tests.Stacks;

/// <summary>What is wrong with a service's traffic. Each row: the lines of a service, and exactly what is said about them.</summary>
public sealed class TrafficErrorTests
{
    private const string Place = "services.web.x-orchestrator";

    public static TheoryData<string, string> Routes =>
        new()
        {
            { "5", "services.web.x-orchestrator.route: must be a mapping such as {host: example.com, port: 8080}, but is the number 5" },
            { "{hots: a.b}", ".hots: `hots` is not a known key; did you mean host?" },
            { "{host: 5}", ".host: must be text, but is the number 5; put it in quotes: \"5\"" },
            { "{host: []}", ".host: the list of hosts is empty; name a host, or leave the key out for any host" },
            { "{host: \"\"}", ".host: the host is empty; name a host, or leave the key out for any host" },
            { "{host: [a.b, A.b]}", ".host[1]: the host a.b is here twice; remove one of them" },
            { "{host: \"http://a.b\"}", ".host: `http://a.b` is an address, not a host; write the host alone; `path` takes the rest" },
            { "{host: \"a.b:80\"}", ".host: `a.b:80` has a port, which a host has not; write the host alone; `http_port` and `https_port` say where the ingress listens" },
            { "{host: münchen.de}", ".host: `münchen.de` is not ASCII; write it as browsers send it, in the form xn--…" },
            { "{host: \"a.*.b\"}", ".host: `a.*.b` is not a host; the forms are example.com, *.example.com, example.* and ~^regular expression" },
            { "{host: \"a b\"}", ".host: `a b` is not a host; the forms are example.com, *.example.com, example.* and ~^regular expression" },
            { "{host: \"*\"}", ".host: `*` is not a host; the forms are example.com, *.example.com, example.* and ~^regular expression" },
            { "{host: \"~\"}", ".host: the regular expression is empty; leave the host out for any host" },
            { "{host: \"~^a b\"}", ".host: `~^a b` holds a space, which no host does; remove it" },
            { "{host: '~^\\d+[.]a$'}", ".host: not every ingress would take `~^\\d+[.]a$`: `\\d` means something in some regular expressions only; write classes out, such as [0-9] or [A-Za-z0-9_]" },
            { "{host: '~^(?:a|b)$'}", ".host: not every ingress would take `~^(?:a|b)$`: `(?` means something in some regular expressions only; group with plain parentheses" },
            { "{host: '~^a+?$'}", ".host: not every ingress would take `~^a+?$`: `?` does not follow what it could repeat; write \\? for the character itself, and no second repetition after one" },
            { "{host: '~^(a|)$'}", ".host: not every ingress would take `~^(a|)$`: one of its alternatives is empty; make what may be missing optional with `?`" },
            { "{host: '~^a{1,256}$'}", ".host: not every ingress would take `~^a{1,256}$`: `{` does not begin a repetition; write {n}, {n,} or {n,m} with numbers up to 255, or \\{ for the character itself" },
            { "{host: '~^[\\w-]+$'}", ".host: not every ingress would take `~^[\\w-]+$`: a class in brackets begins with `]`, or holds `[` or `\\`, which not all regular expressions take alike; write each such character outside of brackets with `\\` before it, joined by `|`" },
            { "{host: '~^ä'}", ".host: not every ingress would take `~^ä`: it holds `ä`, which is not ASCII; hosts are ASCII: write names in the form xn--…" },
            { "{path: api}", ".path: `api` is not a path; start it with /" },
            { "{path: \"~^/a\"}", ".path: `~^/a`: a regular expression as path is not supported yet; write the prefix that its paths have in common" },
            { "{path: \"/a?b\"}", ".path: `/a?b` is not a path; escape spaces and quotes as in a browser's address, and leave `?…` and `#…` out" },
            { "{port: 0}", ".port: must be from 1 to 65535, but is 0" },
            { "{strip: maybe}", ".strip: must be true or false, but is `maybe`" },
            { "{protocol: fastcgi}", ".protocol: must be one of http, https, h2c, tls, but is `fastcgi`" },
            { "{redirect: true}", ".redirect: `redirect` has no meaning without `tls`; add tls: {certificate: …, key: …}, or remove it" },
            { "{https_port: 8443}", ".https_port: `https_port` has no meaning without `tls`; add tls: {certificate: …, key: …}, or remove it" },
            { "{http_port: 70000}", ".http_port: must be from 1 to 65535, but is 70000" },
            { "{protocol: tls}", ": `protocol: tls` needs a host; add the host that clients name in their SNI, or publish the port with `ports`" },
            { "{protocol: tls, host: a, path: /x}", ".path: `path` does not go with `protocol: tls`, which passes encrypted bytes on unread; remove it, or end TLS here with `tls:` and another protocol" },
            { "{protocol: tls, host: a, strip: true}", ".strip: `strip` does not go with `protocol: tls`, which passes encrypted bytes on unread; remove it, or end TLS here with `tls:` and another protocol" },
            { "{protocol: tls, host: a, redirect: false}", ".redirect: `redirect` does not go with `protocol: tls`, which passes encrypted bytes on unread; remove it, or end TLS here with `tls:` and another protocol" },
            { "{protocol: tls, host: a, http_port: 1}", ".http_port: `http_port` does not go with `protocol: tls`, which passes encrypted bytes on unread; remove it, or end TLS here with `tls:` and another protocol" },
        };

    public static TheoryData<string, string> Policies =>
        new()
        {
            { "balance: random", "balance: must be one of roundrobin, leastconn, but is `random`" },
            { "sticky: ip", "sticky: must be true, cookie, source or {cookie: NAME}, but is `ip`" },
            { "sticky: {}", "sticky: `cookie` is missing; write sticky: {cookie: NAME}, or sticky: source" },
            { "sticky: {cookie: \"a;b\"}", "sticky.cookie: `a;b` is not a cookie's name; letters, digits, `_`, `-` and `.`; at most 64" },
            { "timeouts: {conect: 1s}", "timeouts.conect: `conect` is not a known key; did you mean connect?" },
            { "timeouts: {connect: 1}", "timeouts.connect: the duration `1` has no unit; write 1s for seconds" },
            { "timeouts: {idle: 0s}", "timeouts.idle: must be from 1ms to 24d" },
            { "timeouts: {tunnel: 5w}", "timeouts.tunnel: must be from 1ms to 24d" },
            { "max_connections: -1", "max_connections: must be at least 0, but is -1" },
            { "proxy_protocol: v2", "proxy_protocol: must be one of send, accept, both, but is `v2`" },
            { "proxy_protocol: {sned: true}", "proxy_protocol.sned: `sned` is not a known key; did you mean send?" },
            { "slo: {window: 5s}", "slo: there is no limit in it; add `error_rate`, `p95` or both" },
            { "slo: {error_rate: 2}", "slo.error_rate: must be from 0 to 1, but is 2" },
            { "slo: {error_rate: 101%}", "slo.error_rate: `101%` is not a share; write a number from 0 to 1, or a percentage such as 1%" },
            { "slo: {p95: 0s}", "slo.p95: must be from 1ms to 24d" },
            { "slo: {p95: 1s, window: 2h}", "slo.window: must be from 1ms to 1h" },
            { "slo: {p95: 1s, requests: 0}", "slo.requests: must be at least 1, but is 0" },
            { "strategy: bluegreen", "strategy: must be one of rolling, canary, blue-green, but is `bluegreen`; did you mean blue-green?" },
            { "strategy: {replicas: 1}", "strategy: `type` is missing; write type: rolling, type: canary or type: blue-green" },
            { "strategy: {type: canary, replicas: 0}", "strategy.replicas: must be at least 1, but is 0" },
            { "strategy: {type: canary, percent: 101}", "strategy.percent: must be from 1 to 100, but is 101" },
            { "strategy: {type: canary, replicas: 1, percent: 10}", "strategy.percent: `percent` stands beside `replicas` (at stack.yaml:4:68); keep one of the two" },
            { "strategy: {type: canary, hold: 8d}", "strategy.hold: must be at most 7d; set promote: manual to wait for somebody" },
            { "strategy: {type: canary, hold: 1m, promote: manual}", "strategy.hold: `hold` ends nothing with promote: manual; remove it, or set promote: auto" },
            { "strategy: {type: canary, promote: never}", "strategy.promote: must be one of auto, manual, but is `never`" },
            { "strategy: {type: blue-green, replicas: 1}", "strategy.replicas: `replicas` means nothing for this type; remove it, or set type: canary" },
            { "strategy: {type: rolling, hold: 1m}", "strategy.hold: `hold` means nothing for this type; remove it; deploy.update_config says how a rolling update is done" },
            { "strategy: {type: canary, holds: 1m}", "strategy.holds: `holds` is not a known key; did you mean hold?" },
            { "maintenance: {page: none.html}", "maintenance.page: the page /home/ada/shop/none.html does not exist; create it, or correct the path; relative paths start at /home/ada/shop" },
            { "maintenance: {page: big.html}", "maintenance.page: the page is larger than 256 KiB; link to images and styles that are elsewhere" },
            { "maintenance: {hold: 11m}", "maintenance.hold: must be at most 10m; requests that wait longer are given up by their clients" },
        };

    public static TheoryData<string, string> Stacks =>
        new()
        {
            { "web: {image: a, ports: [\"53:53/udp\"]}", "2:27: services.web.ports[0]: udp is not carried by the ingress; write it in the long form with mode: host, such as {target: 53, published: 53, protocol: udp, mode: host}" },
            { "web: {image: a, ports: [{target: 1, published: 2, protocol: sctp}]}", "2:27: services.web.ports[0]: sctp is not carried by the ingress; write it in the long form with mode: host, such as {target: 1, published: 2, protocol: sctp, mode: host}" },
            { "web: {image: a, ports: [{target: 80, published: 80, app_protocol: [a]}]}", "2:69: services.web.ports[0].app_protocol: must be text, but is a list" },
            { "web: {image: a, network_mode: none, ports: [\"80:80\"]}", "2:46: services.web.ports: `ports` has no effect with `network_mode: none`; remove one of them" },
            { "web: {image: a, network_mode: none, x-orchestrator: {route: {host: a.b}}}", "2:70: services.web.x-orchestrator.route.host: nothing reaches a service with `network_mode: none`; remove the route, or give the service a network" },
            { "web: {image: a, ports: [\"80:80\", \"127.0.0.1:80:81\"]}", "2:36: services.web.ports[1]: port 80/tcp is already published by web (at stack.yaml:2:27); publish it on another port" },
            { "web: {image: a, ports: [\"0.0.0.0:80:80\"]}\n  b: {image: b, ports: [\"127.0.0.1:80:80\"]}", "3:25: services.b.ports[0]: port 80/tcp is already published by web (at stack.yaml:2:27); publish it on another port" },
            { "web: {image: a, ports: [\"[::]:80:80\"]}\n  b: {image: b, ports: [\"127.0.0.1:80:80\"]}", "3:25: services.b.ports[0]: port 80/tcp is already published by web (at stack.yaml:2:27); publish it on another port" },
            { "web: {image: a, ports: [\"80:80\"]}\n  b: {image: b, ports: [{target: 1, published: 80, mode: host}]}", "2:27: services.web.ports[0]: port 80/tcp is bound by containers of b (mode: host), so that the ingress cannot listen on it; publish one of them on another port" },
            { "web: {image: a, ports: [\"80:80\"]}\n  b: {image: b, x-orchestrator: {route: {host: a.b}}}", "3:48: services.b.x-orchestrator.route.host: the route is served on port 80, which web publishes (at stack.yaml:2:27); publish it on another port, or give the route `http_port` or `https_port`" },
            { "web: {image: a, x-orchestrator: {route: {host: a.b, path: /x}}}\n  b: {image: b, environment: {VIRTUAL_HOST: \"c.d,a.b\", VIRTUAL_PATH: /x/}}", "3:45: services.b.environment.VIRTUAL_HOST: the route a.b/x on port 80 is there twice: web has it already (at stack.yaml:2:50); change the host, the path or the port of one of them" },
            { "web: {image: a, x-orchestrator: {route: [{}, {}]}}", "2:48: services.web.x-orchestrator.route[1]: the route any host/ on port 80 is there twice: web has it already (at stack.yaml:2:44); change the host, the path or the port of one of them" },
            { "web: {image: a, x-orchestrator: {route: [{host: a, protocol: tls}, {host: a, protocol: tls}]}}", "2:77: services.web.x-orchestrator.route[1].host: TLS of a on port 443 can go one way only: web has it already (at stack.yaml:2:51); change the host, the path or the port of one of them" },
            { "web: {image: a, x-orchestrator: {route: [{host: a, protocol: tls}], sticky: true}}", "2:79: services.web.x-orchestrator.sticky: a cookie needs HTTP, which the service is not reached by; use sticky: source" },
            { "web: {image: a, environment: {VIRTUAL_HOST: a.b, VIRTUAL_PORT: 70000}}", "2:66: services.web.environment.VIRTUAL_PORT: VIRTUAL_PORT `70000` is not a port; ports go from 1 to 65535" },
            { "web: {image: a, environment: {VIRTUAL_HOST: a.b, VIRTUAL_PROTO: uwsgi}}", "2:67: services.web.environment.VIRTUAL_PROTO: VIRTUAL_PROTO `uwsgi` is not supported; use http or https" },
            { "web: {image: a, environment: {VIRTUAL_HOST: a.b, VIRTUAL_PROTO: grpc}}", "2:67: services.web.environment.VIRTUAL_PROTO: VIRTUAL_PROTO `grpc` is not supported; write `x-orchestrator.route` with protocol: h2c" },
            { "web: {image: a, environment: {VIRTUAL_HOST: a.b, VIRTUAL_PATH: x}}", "2:66: services.web.environment.VIRTUAL_PATH: `x` is not a path; start it with /" },
            { "web: {image: a, environment: [VIRTUAL_HOST=a b]}", "2:33: services.web.environment[0]: `a b` is not a host; the forms are example.com, *.example.com, example.* and ~^regular expression" },
        };

    [Theory]
    [MemberData(nameof(Routes))]
    public void Bad_route_is_refused(string route, string expected)
    {
        var error = Assert.Single(StackFiles.Errors(StackFiles.Yaml($"x-orchestrator: {{route: {route}}}")));

        Assert.EndsWith(expected[0] is '.' or ':' ? $" {Place}.route{expected}" : expected, error, StringComparison.Ordinal);
        Assert.StartsWith("stack.yaml:4:", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"^(www|api)[.]example[.](com|org)$")]
    [InlineData(@"^pr-[0-9]{1,4}\.example\.com$")]
    [InlineData(@"^[^.]+\.example\.com$|^(a(b)?)*c\-d$")]
    [InlineData(@"^.*[a-z0-9-]{2,}$")]
    public void Expression_that_all_dialects_take_is_taken(string expression) =>
        Assert.Equal("~" + expression, Assert.Single(StackFiles.Service($"x-orchestrator: {{route: {{host: '~{expression}'}}}}").Traffic.Routes).Host);

    [Fact]
    public void Bad_expression_is_refused_with_its_reason() => Assert.StartsWith(
        $"stack.yaml:4:36: {Place}.route.host: `~^(a` is not a regular expression: ",
        Assert.Single(StackFiles.Errors(StackFiles.Yaml("x-orchestrator: {route: {host: \"~^(a\"}}"))),
        StringComparison.Ordinal);

    [Fact]
    public void Http_and_https_need_two_ports()
    {
        var made = TestCertificate.Elliptic("a.b");
        var result = new StackFiles().With("web.pem", made.Pem + "\n" + made.Key)
            .With("stack.yaml", StackFiles.Yaml("x-orchestrator: {route: {host: a.b, https_port: 80, tls: {certificate: web.pem}}}"))
            .Load();

        Assert.Equal(
            $"stack.yaml:4:53: {Place}.route.https_port: HTTP and HTTPS cannot both be on port 80; give them two ports",
            Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void One_host_has_one_certificate_on_a_port()
    {
        var (one, two) = (TestCertificate.Elliptic("a.b"), TestCertificate.Elliptic("a.b"));
        var result = new StackFiles().With("1.pem", one.Pem + "\n" + one.Key).With("2.pem", two.Pem + "\n" + two.Key)
            .With("stack.yaml", StackFiles.Yaml("x-orchestrator:\n  route:\n  - {host: a.b, tls: {certificate: 1.pem}}\n  - {host: a.b, path: /x, tls: {certificate: 2.pem}}"))
            .Load();

        Assert.Equal(
            $"stack.yaml:7:16: {Place}.route[1].host: a.b on port 443 can have one certificate only: web has it already (at stack.yaml:6:16); change the host, the path or the port of one of them",
            Assert.Single(result.Errors).ToString());
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Bad_policy_is_refused(string key, string expected)
    {
        var result = new StackFiles().With("big.html", new string('x', 256 * 1024 + 1))
            .With("stack.yaml", StackFiles.Yaml($"x-orchestrator: {{route: {{}}, {key}}}"))
            .Load();

        Assert.EndsWith($" {Place}.{expected}", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Bad_stack_is_refused_in_place(string services, string expected) =>
        Assert.Equal($"stack.yaml:{expected}", Assert.Single(StackFiles.Errors($"services:\n  {services}\n")));
}
