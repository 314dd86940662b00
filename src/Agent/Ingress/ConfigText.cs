using System.Globalization;
using System.Text;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Ingress;

/// <summary>Writes the file; understood by HAProxy 2.6 and later.</summary>
internal sealed class ConfigText(IngressLayout layout, IngressPaths paths, IngressOptions options, bool hasIpv6)
{
    /// <summary>For a client's first bytes where HTTP is likely: no server speaks first there, so only a silent client waits.</summary>
    private const string LikelyHttpDelay = "5s";

    /// <summary>Elsewhere: the pause before a protocol in which the server speaks first goes on.</summary>
    private const string OtherDelay = "100ms";

    private readonly StringBuilder _text = new();

    public string Write(string description, bool withServers)
    {
        Globals(description);
        foreach (var listener in layout.Published) Published(listener);
        foreach (var listener in layout.Routes.Where(listener => !listener.IsTls)) Plain(listener);
        foreach (var listener in layout.Routes.Where(listener => listener.IsTls)) Tls(listener);
        foreach (var backend in layout.Backends) Backend(backend, withServers);
        return _text.ToString();
    }

    private void Globals(string description)
    {
        Line("# Written by the orchestrator's agent, which replaces it whenever traffic changes.");
        Section("global");
        if (description.Length > 0) Line($"  description {description}");
        Line(string.Create(CultureInfo.InvariantCulture, $"  maxconn {options.MaxConnections}"));

        // An engine that allows fewer open files gives fewer connections, not none.
        Line("  no strict-limits");
        Line($"  stats socket \"${{{IngressPaths.RunVariable}}}/stats.sock\" mode {paths.SocketMode} level admin expose-fd listeners");

        // Bounds of processes that a reload has replaced and that wait for their last connections.
        Line("  hard-stop-after 1h");
        Line("  mworker-max-reloads 50");
        if (layout.Backends.Any(backend => backend.IsHttp && backend.Spec.Maintenance.Hold > TimeSpan.Zero)) Line($"  lua-load-per-thread {paths.Hold}");
        if (layout.WatchesLatency) Line($"  lua-load {paths.Latency}");
        Section("defaults");
        Line("  retries 3");
        Line("  option redispatch 1");
        Line("  option dontlognull");
        Line("  option clitcpka");
        Line("  option srvtcpka");
        Line("  timeout connect 1s");
        Line("  timeout client 60s");
        Line("  timeout client-fin 30s");
        Line("  timeout server 60s");
        Line("  timeout http-request 30s");
        Section("frontend .alive");
        Line("  mode http");
        Line($"  bind unix@\"${{{IngressPaths.RunVariable}}}/alive.sock\" mode {paths.SocketMode}");
        Line("  http-request return status 200");
    }

    private void Published(PublishedListener listener)
    {
        Section(Owned($"frontend port:{listener.Address.ToString().Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal)}", listener.Http ?? listener.Tcp!));
        Line(listener.Tcp is null ? "  mode http" : "  mode tcp");
        Bind(listener.Address, listener.AcceptsProxy ? " accept-proxy" : "");
        Line($"  timeout client {Duration(listener.Timeouts.Idle)}");
        switch (listener)
        {
            case { Tcp: null, Http: { } http }:
                Line($"  timeout http-keep-alive {Duration(listener.Timeouts.Idle)}");
                Line($"  default_backend {http}");
                break;
            case { Tcp: { } tcp, Http: { } http }:
                Line($"  tcp-request inspect-delay {(IsLikelyHttp(listener.Target) ? LikelyHttpDelay : OtherDelay)}");
                Line("  tcp-request content accept if HTTP");
                Line($"  use_backend {http} if HTTP !{{ req.payload(0,4) -m str \"PRI \" }}");
                Line($"  default_backend {tcp}");
                break;
            default:
                Line($"  default_backend {listener.Tcp}");
                break;
        }
    }

    private static bool IsLikelyHttp(int port) => port is 80 or 81 or 3000 or 4000 or 4200 or 5000 or 5173 or 7000 or 8000 or 8008 or 8080 or 8081 or 8088 or 8090 or 8888 or 9000 or 9090;

    private void Plain(RouteListener listener)
    {
        Section(string.Create(CultureInfo.InvariantCulture, $"frontend http:{listener.Port}"));
        Line("  mode http");
        Bind(new ListenAddress(null, listener.Port), "");
        Routes(listener);
    }

    /// <summary>TLS is ended here, passed through, or both: then the name in the client's greeting decides which, and what is ended here comes by a socket of its own.</summary>
    private void Tls(RouteListener listener)
    {
        var ended = listener with { Routes = [.. listener.Routes.Where(route => route.Spec.Protocol != BackendProtocol.Tls)] };
        var isMixed = ended.Routes.Length < listener.Routes.Length;
        var inner = string.Create(CultureInfo.InvariantCulture, $"unix@\"${{{IngressPaths.RunVariable}}}/tls-{listener.Port}.sock\"");
        if (isMixed)
        {
            Section(string.Create(CultureInfo.InvariantCulture, $"frontend sni:{listener.Port}"));
            Line("  mode tcp");
            Bind(new ListenAddress(null, listener.Port), "");
            Line($"  timeout client {Duration(listener.Routes.Max(route => route.Timeouts.Idle))}");
            Line("  tcp-request inspect-delay 5s");
            Line("  tcp-request content accept if { req.ssl_hello_type 1 }");
            Line("  tcp-request content reject");
            foreach (var route in listener.Routes)
            {
                var target = route.Spec.Protocol == BackendProtocol.Tls ? route.Backend : string.Create(CultureInfo.InvariantCulture, $".tls:{listener.Port}");
                Line(Owned($"  use_backend {target}{(Host(route, "req.ssl_sni,lower") is { Length: > 0 } host ? " if" + host : "")}", route.Backend));
            }

            if (ended.Routes.IsEmpty) return;
            Line(string.Create(CultureInfo.InvariantCulture, $"  default_backend .tls:{listener.Port}"));
            Section(string.Create(CultureInfo.InvariantCulture, $"backend .tls:{listener.Port}"));
            Line("  mode tcp");
            Line($"  timeout server {Duration(ended.Routes.Max(route => route.Timeouts.Tunnel))}");
            Line($"  timeout tunnel {Duration(ended.Routes.Max(route => route.Timeouts.Tunnel))}");
            Line($"  server inner {inner} send-proxy-v2");
        }

        Section(string.Create(CultureInfo.InvariantCulture, $"frontend https:{listener.Port}"));
        Line("  mode http");
        var tls = $" ssl crt {paths.Fallback} crt {paths.Certificates} alpn h2,http/1.1";
        if (isMixed) Line($"  bind {inner} mode 600 accept-proxy{tls}");
        else Bind(new ListenAddress(null, listener.Port), tls);
        Routes(ended);
    }

    private void Routes(RouteListener listener)
    {
        var idle = Duration(listener.Routes.Max(route => route.Timeouts.Idle));
        Line($"  timeout client {idle}");
        Line($"  timeout http-keep-alive {idle}");
        Line("  http-request set-var(txn.host) req.hdr(host),host_only,lower");
        Line("  http-request set-var(txn.path) path,concat(/)");
        foreach (var (number, route) in listener.Routes.Index())
        {
            var path = route.PathPrefix == "/" ? "" : $" {{ var(txn.path) -m beg {Quote(route.PathPrefix)} }}";
            Line(Owned($"  http-request set-var(txn.route) str({Name(number)}) if !{{ var(txn.route) -m found }}{Host(route, "var(txn.host)")}{path}", route.Backend));
        }

        Line("  http-request return status 404 content-type text/plain lf-string \"No route of this ingress is for %[var(txn.host)]%[path].\\n\" if !{ var(txn.route) -m found }");
        foreach (var (number, route) in listener.Routes.Index())
        {
            var chosen = $"if {{ var(txn.route) -m str {Name(number)} }}";
            if (!listener.IsTls && route.Spec is { Certificate: not null, Redirect: true })
            {
                var port = route.Spec.HttpsPort == 443 ? "" : string.Create(CultureInfo.InvariantCulture, $":{route.Spec.HttpsPort}");
                Line($"  http-request redirect code 308 location https://%[var(txn.host)]{port}%[pathq] {chosen}");
                continue;
            }

            if (route.Spec.Strip && route.PathPrefix != "/") Line(Owned($"  http-request replace-path {Quote($"^{Pattern(route.PathPrefix.TrimEnd('/'))}/?(.*)$")} '/\\1' {chosen}", route.Backend));
            Line($"  use_backend {route.Backend} {chosen}");
        }
    }

    /// <summary>Says whose words a line holds, where its section does not: see <see cref="RefusedLines"/>.</summary>
    private static string Owned(string line, string backend) => $"{line} # {RefusedLines.OwnerOf(backend)}";

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"r{number}");

    private static string Host(IngressRoute route, string sample) => route.HostKind switch
    {
        RouteHostKind.Exact => $" {{ {sample} -m str {Quote(route.Spec.Host)} }}",
        RouteHostKind.Wildcard when route.Spec.Host[0] == '*' => $" {{ {sample} -m end {Quote(route.Spec.Host[1..])} }}",
        RouteHostKind.Wildcard => $" {{ {sample} -m beg {Quote(route.Spec.Host[..^1])} }}",
        RouteHostKind.Pattern => $" {{ {sample} -m reg -i -- {Quote(route.Spec.Host[1..])} }}",
        RouteHostKind.Any => "",
    };

    private void Backend(IngressBackend backend, bool withServers)
    {
        var spec = backend.Spec;
        Section($"backend {backend.Name}");
        Line(backend.IsHttp ? "  mode http" : "  mode tcp");
        if (spec.Sticky?.Kind == StickyKind.Source)
        {
            Line("  balance source");
            Line("  hash-type consistent");
        }
        else
        {
            Line(spec.Balance switch
            {
                BalanceKind.RoundRobin => "  balance roundrobin",
                BalanceKind.LeastConnections => "  balance leastconn",
            });
        }

        Line($"  timeout connect {Duration(spec.Timeouts.Connect)}");
        Line($"  timeout queue {Duration(spec.Timeouts.Queue)}");
        Line($"  timeout tunnel {Duration(spec.Timeouts.Tunnel)}");
        var inMaintenance = $"if {{ str({backend.Service}),map_str({paths.Maintenance}) -m found }}";
        if (backend.IsHttp)
        {
            Http(backend, inMaintenance);
        }
        else
        {
            Line($"  timeout server {Duration(spec.Timeouts.Idle)}");
            Line($"  tcp-request content reject {inMaintenance}");
        }

        // What the servers have in common is part of the structure: the runtime socket changes it for none that is there.
        Line($"  # servers: {ServerLine.Parameters(backend)}");
        if (!withServers) return;
        foreach (var server in backend.Servers) Line($"  server {ServerLine.For(backend, server)}");
    }

    private void Http(IngressBackend backend, string inMaintenance)
    {
        var spec = backend.Spec;
        Line($"  timeout server {Duration(spec.Timeouts.Response)}");
        if (spec.Sticky?.Kind == StickyKind.Cookie)
        {
            Line($"  cookie {Quote(spec.Sticky.CookieName)} insert indirect nocache httponly dynamic");

            // No secret: it only makes the cookie of a replica the same on every host and after every reload.
            Line($"  dynamic-cookie-key {backend.Service}");
        }

        Line("  http-reuse safe");

        // A request that may change something is repeated only when no replica can have seen it.
        Line("  retry-on conn-failure empty-response");
        Line("  http-request disable-l7-retry if !{ method GET HEAD OPTIONS }");
        Line($"  http-error status 503 content-type text/plain string \"No replica of {backend.Service.Replace(':', '/')} takes requests now.\\n\" hdr Retry-After 5");
        if (spec.Maintenance.Hold > TimeSpan.Zero)
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"  http-request lua.hold {backend.Service} {(long)spec.Maintenance.Hold.TotalMilliseconds} {inMaintenance}"));
        }

        Line($"  http-request return status 503 content-type \"text/html; charset=utf-8\" file {paths.Pages}/{MaintenancePage.Of(spec.Maintenance).FileName} hdr Retry-After 5 {inMaintenance}");
        if (backend.WatchesLatency)
        {
            Line("  http-request set-var(txn.begun) date(0,us)");
            Line("  http-response set-var(txn.took) date(0,us),sub(txn.begun)");
            Line("  http-response lua.latency");
        }

        Line("  option forwardfor");
        Line("  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]");
        Line("  http-request set-header X-Forwarded-Host %[req.hdr(host)]");
        Line("  http-request set-header X-Forwarded-Port %[dst_port]");
    }

    private void Bind(ListenAddress address, string words)
    {
        var port = address.Port.ToString(CultureInfo.InvariantCulture);
        if (address.HostIp is { } ip)
        {
            Line($"  bind {(ip.Contains(':', StringComparison.Ordinal) ? $"[{ip}]" : ip)}:{port}{words}");
            return;
        }

        Line($"  bind 0.0.0.0:{port}{words}");
        if (hasIpv6) Line($"  bind [::]:{port} v6only{words}");
    }

    private static string Duration(TimeSpan duration) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, (long)duration.TotalMilliseconds)}ms");

    /// <summary>Strong quotes: nothing in them means anything to HAProxy. A line's end cannot be quoted, and no host, path or expression has one.</summary>
    private static string Quote(string text) => $"'{text.ReplaceLineEndings("").Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Pattern(string text) => string.Concat(text.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '-' or '_' ? $"{letter}" : $"\\{letter}"));

    private void Section(string head)
    {
        _text.Append('\n');
        Line(head);
    }

    private void Line(string line) => _text.Append(line).Append('\n');
}
