using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Ingress;

/// <summary>What the host's traffic asks of the ingress, before it is put into HAProxy's words: listeners, and the backends they lead to. Pure.</summary>
internal sealed record IngressLayout
{
    public ImmutableArray<PublishedListener> Published { get; init; } = [];

    /// <summary>By port.</summary>
    public ImmutableArray<RouteListener> Routes { get; init; } = [];

    /// <summary>By name.</summary>
    public ImmutableArray<IngressBackend> Backends { get; init; } = [];

    public ImmutableArray<CertificateFile> Certificates { get; init; } = [];

    /// <summary>Services in maintenance, by <see cref="ServiceKey"/>.</summary>
    public ImmutableSortedSet<string> Maintenance { get; init; } = [];

    /// <summary>By stack: listeners that are left out, with the reasons. No waiting cures them.</summary>
    public ImmutableSortedDictionary<string, TrafficProblem> Refused { get; init; } = ImmutableSortedDictionary<string, TrafficProblem>.Empty;

    public bool HasListeners => !Published.IsEmpty || !Routes.IsEmpty;

    public bool WatchesLatency => Backends.Any(backend => backend.WatchesLatency);

    public IEnumerable<ListenAddress> Addresses => Published.Select(listener => listener.Address).Concat(Routes.Select(listener => new ListenAddress(null, listener.Port)));

    public static string ServiceKey(string stack, string service) => $"{stack}:{service}";

    /// <summary>The server's name in every backend. Names may hold a colon and no at sign, and identifiers the reverse, so it can be turned back.</summary>
    public static string ServerName(string endpoint) => endpoint.Replace('@', ':');

    public static string EndpointId(string server) => server.Replace(':', '@');

    /// <param name="isHeld">Tells an address that another program holds; its listener is left out, and refused with the returned text. Null for those that are free.</param>
    public static IngressLayout Of(HostTraffic traffic, Func<ListenAddress, string?> isHeld) => new Builder(isHeld).Build(traffic);

    private sealed class Builder(Func<ListenAddress, string?> isHeld)
    {
        private readonly List<PublishedListener> _published = [];
        private readonly SortedDictionary<int, List<IngressRoute>> _plain = [];
        private readonly SortedDictionary<int, List<IngressRoute>> _tls = [];
        private readonly Dictionary<string, string?> _held = [];
        private readonly SortedDictionary<string, IngressBackend> _backends = new(StringComparer.Ordinal);
        private readonly Dictionary<int, List<(string? HostIp, string Owner, string Kind)>> _claims = [];
        private readonly List<(string Stack, string Message)> _refused = [];

        public IngressLayout Build(HostTraffic traffic)
        {
            var maintenance = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
            foreach (var (stack, service) in traffic.Services.Where(pair => pair.Service.Spec.HasListeners))
            {
                if (service.IsInMaintenance) maintenance.Add(ServiceKey(stack, service.Service));
                foreach (var port in service.Spec.Ports) AddPort(stack, service, port);
                foreach (var route in service.Spec.Routes) AddRoute(stack, service, route);
            }

            var named = _tls.Values.SelectMany(routes => routes).Select(route => route.Spec.Certificate).OfType<string>().ToHashSet(StringComparer.Ordinal);
            return new IngressLayout
            {
                Published = [.. _published.OrderBy(listener => listener.Address.Port).ThenBy(listener => listener.Address.HostIp, StringComparer.Ordinal)],
                Routes =
                [
                    .. _plain.Select(pair => new RouteListener(pair.Key, IsTls: false, Ordered(pair.Value))),
                    .. _tls.Select(pair => new RouteListener(pair.Key, IsTls: true, Ordered(pair.Value))),
                ],
                Backends = [.. _backends.Values],
                Certificates =
                [
                    .. traffic.Stacks.Values
                        .SelectMany(stack => stack.Certificates)
                        .Where(certificate => named.Contains(certificate.Id))
                        .DistinctBy(certificate => certificate.Id)
                        .OrderBy(certificate => certificate.Id, StringComparer.Ordinal),
                ],
                Maintenance = maintenance.ToImmutable(),
                Refused = _refused.Distinct().GroupBy(refusal => refusal.Stack, StringComparer.Ordinal).ToImmutableSortedDictionary(
                    stack => stack.Key,
                    stack => new TrafficProblem(IngressActor.SinkName, string.Join("; ", stack.Select(refusal => refusal.Message)), IsFinal: true),
                    StringComparer.Ordinal),
            };
        }

        /// <summary>Exact, wildcard, regular expression, any; the more said the earlier; then the longest path. Ties by name, so that the text is the same each time.</summary>
        private static ImmutableArray<IngressRoute> Ordered(List<IngressRoute> routes) =>
        [
            .. routes
                .OrderBy(route => route.HostKind)
                .ThenByDescending(route => route.Spec.Host.Length)
                .ThenBy(route => route.Spec.Host, StringComparer.Ordinal)
                .ThenByDescending(route => route.PathPrefix.Length)
                .ThenBy(route => route.PathPrefix, StringComparer.Ordinal)
                .ThenBy(route => route.Backend, StringComparer.Ordinal),
        ];

        private void AddPort(string stack, ServiceTraffic service, IngressPortSpec port)
        {
            var address = new ListenAddress(port.HostIp, port.Published);
            var owner = ServiceKey(stack, service.Service);
            if (!Claim(stack, address, owner, $"published {owner}", isFormer: service.FormerPorts.Contains(port.Published))) return;
            string? tcp = null, http = null;
            if (port.Application != PortApplication.Http) tcp = Add(stack, service, $"p{port.Published}", BackendKind.Tcp, endpoint => PublishedTarget(endpoint, port)).Name;
            if (port.Application == PortApplication.Http || (port.Application == PortApplication.Auto && !ServesFirst(port.Target)))
            {
                http = Add(stack, service, $"p{port.Published}", BackendKind.Http, endpoint => PublishedTarget(endpoint, port)).Name;
            }

            _published.Add(new PublishedListener(address, port.Target, tcp, http, service.Spec.ProxyProtocol.Accept, service.Spec.Timeouts));
        }

        private static int? PublishedTarget(Endpoint endpoint, IngressPortSpec port) => endpoint.Ports.TryGetValue(port.Published, out var target) ? target : null;

        /// <summary>Protocols in which the client waits for the server's first word.</summary>
        private static bool ServesFirst(int port) => port is 21 or 22 or 23 or 25 or 110 or 143 or 587 or 3306 or 5900 or 6667;

        private void AddRoute(string stack, ServiceTraffic service, RouteSpec route)
        {
            var owner = ServiceKey(stack, service.Service);
            var kind = route.Protocol switch
            {
                BackendProtocol.Http => BackendKind.Http,
                BackendProtocol.Https => BackendKind.Https,
                BackendProtocol.H2c => BackendKind.H2c,
                BackendProtocol.Tls => BackendKind.Tls,
            };
            IngressRoute Routed() => new(route, Add(stack, service, RoutedPort(service, route), kind, endpoint => endpoint.PortOf(route)).Name, service.Spec.Timeouts);

            if (kind != BackendKind.Tls && Claim(stack, new ListenAddress(null, route.HttpPort), owner, "routes")) List(_plain, route.HttpPort).Add(Routed());
            if ((kind == BackendKind.Tls || route.Certificate is not null) && Claim(stack, new ListenAddress(null, route.HttpsPort), owner, "tls routes")) List(_tls, route.HttpsPort).Add(Routed());
        }

        /// <summary>
        /// Routes to one port share a backend, and the checks of its servers. Where replicas of two revisions have them on ports of their own, they share it only
        /// as long as they agree on every replica.
        /// </summary>
        private static string RoutedPort(ServiceTraffic service, RouteSpec route)
        {
            var first = service.Spec.Routes.Where(other => other.Port == route.Port).First(other => service.Endpoints.All(endpoint => endpoint.PortOf(other) == endpoint.PortOf(route)));
            var among = service.Spec.Routes.Where(other => other.Port == route.Port).TakeWhile(other => !ReferenceEquals(other, first)).Count();
            return string.Create(CultureInfo.InvariantCulture, $"r{route.Port}{(among == 0 ? "" : $"-{among}")}");
        }

        private static List<IngressRoute> List(SortedDictionary<int, List<IngressRoute>> lists, int port) => lists.TryGetValue(port, out var list) ? list : lists[port] = [];

        /// <summary>Routes share a listener with routes of their kind; everything else has its address for itself.</summary>
        /// <param name="isFormer">It may be that it cannot be had: a file that gives it up is how people mend that.</param>
        private bool Claim(string stack, ListenAddress address, string owner, string kind, bool isFormer = false)
        {
            var claims = _claims.TryGetValue(address.Port, out var known) ? known : _claims[address.Port] = [];
            if (claims.FirstOrDefault(claim => claim.Kind != kind && (claim.HostIp is null || address.HostIp is null || claim.HostIp == address.HostIp)) is { Owner: { } first })
            {
                if (!isFormer) _refused.Add((stack, $"port {address} of {owner} is taken by {first} already; give one of them another port"));
                return false;
            }

            var key = address.ToString();
            if (!_held.TryGetValue(key, out var holder)) _held[key] = holder = isHeld(address);
            if (holder is not null)
            {
                if (!isFormer) _refused.Add((stack, $"port {address} of {owner}: {holder}; stop that program or publish another port"));
                return false;
            }

            if (!claims.Contains((address.HostIp, owner, kind))) claims.Add((address.HostIp, owner, kind));
            return true;
        }

        private IngressBackend Add(string stack, ServiceTraffic service, string port, BackendKind kind, Func<Endpoint, int?> target)
        {
            var key = ServiceKey(stack, service.Service);
            var name = $"{key}:{port}:{kind.ToString().ToLowerInvariant()}";
            if (_backends.TryGetValue(name, out var known)) return known;
            var servers = ImmutableArray.CreateBuilder<IngressServer>();
            foreach (var endpoint in service.Endpoints.Where(endpoint => endpoint.State == EndpointState.Serving))
            {
                if (target(endpoint) is { } number && IPAddress.TryParse(endpoint.Address, out var address)) servers.Add(new IngressServer(ServerName(endpoint.Id), Text(address, number)));
            }

            return _backends[name] = new IngressBackend(name, kind, key, service.Spec)
            {
                Servers = [.. servers.DistinctBy(server => server.Name).OrderBy(server => server.Name, StringComparer.Ordinal)],
            };
        }

        private static string Text(IPAddress address, int port) =>
            string.Create(CultureInfo.InvariantCulture, $"{(address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString())}:{port}");
    }
}

/// <param name="HostIp">Null: all of the host's.</param>
internal sealed record ListenAddress(string? HostIp, int Port)
{
    /// <summary>What <see cref="ToString"/> has written; null of anything else.</summary>
    public static ListenAddress? Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new ListenAddress(colon < 0 ? null : text[..colon].Trim('[', ']'), port)
            : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(HostIp is null ? "" : HostIp.Contains(':', StringComparison.Ordinal) ? $"[{HostIp}]:" : HostIp + ":")}{Port}");
}

/// <param name="Target">The container port, from which what is spoken is guessed.</param>
/// <param name="Tcp">The backend for what is not HTTP; null when only HTTP is spoken.</param>
/// <param name="Http">The backend for HTTP; null when only TCP is spoken. With both, the first bytes decide.</param>
internal sealed record PublishedListener(ListenAddress Address, int Target, string? Tcp, string? Http, bool AcceptsProxy, TrafficTimeoutsSpec Timeouts);

/// <param name="Routes">The first that matches takes the request.</param>
internal sealed record RouteListener(int Port, bool IsTls, ImmutableArray<IngressRoute> Routes);

internal sealed record IngressRoute(RouteSpec Spec, string Backend, TrafficTimeoutsSpec Timeouts)
{
    public RouteHostKind HostKind => Spec.Host switch
    {
        "" => RouteHostKind.Any,
        ['~', ..] => RouteHostKind.Pattern,
        ['*', '.', ..] or [.., '.', '*'] => RouteHostKind.Wildcard,
        _ => RouteHostKind.Exact,
    };

    /// <summary>Ends with a slash: compared with a path to which one has been added, it matches whole segments only.</summary>
    public string PathPrefix => Spec.Path.TrimEnd('/') + "/";
}

/// <summary>In the order in which they are tried.</summary>
internal enum RouteHostKind
{
    Exact,
    Wildcard,
    Pattern,
    Any,
}

internal enum BackendKind
{
    Tcp,
    Http,
    Https,
    H2c,
    Tls,
}

/// <param name="Service">The <see cref="IngressLayout.ServiceKey"/>.</param>
internal sealed record IngressBackend(string Name, BackendKind Kind, string Service, TrafficSpec Spec)
{
    /// <summary>By name. Only those that take connections: draining ones finish in the processes that know them.</summary>
    public ImmutableArray<IngressServer> Servers { get; init; } = [];

    public bool IsHttp => Kind is BackendKind.Http or BackendKind.Https or BackendKind.H2c;

    /// <summary>New replicas of the service are held to a p95.</summary>
    public bool WatchesLatency => IsHttp && Spec.Slo?.P95 is not null;
}

/// <param name="Address">With its port.</param>
internal sealed record IngressServer(string Name, string Address);
