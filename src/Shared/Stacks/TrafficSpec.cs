using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Orchestrator.Stacks;

/// <summary>How a service is reached through the ingress. Policy: a change of it restarts no container.</summary>
public sealed record TrafficSpec
{
    /// <summary><c>ports</c> in ingress mode: served on every host of the fleet.</summary>
    public ImmutableArray<IngressPortSpec> Ports { get; init; } = [];

    /// <summary><c>x-orchestrator.route</c> and <c>VIRTUAL_HOST</c>.</summary>
    public ImmutableArray<RouteSpec> Routes { get; init; } = [];

    /// <summary><c>x-orchestrator.balance</c>. Default roundrobin.</summary>
    public BalanceKind Balance { get; init; }

    /// <summary><c>x-orchestrator.sticky</c>; null: any replica may take the next request.</summary>
    public StickySpec? Sticky { get; init; }

    public TrafficTimeoutsSpec Timeouts { get; init; } = new();

    /// <summary><c>x-orchestrator.max_connections</c>: open connections per replica and ingress; what is above waits up to <see cref="TrafficTimeoutsSpec.Queue"/>. 0 = unlimited, the default.</summary>
    public int MaxConnections { get; init; }

    /// <summary><c>x-orchestrator.proxy_protocol</c>.</summary>
    public ProxyProtocolSpec ProxyProtocol { get; init; } = new();

    /// <summary><c>x-orchestrator.slo</c>; null: batches are not judged by their traffic.</summary>
    public SloSpec? Slo { get; init; }

    /// <summary><c>x-orchestrator.maintenance</c>: what is answered while maintenance is on.</summary>
    public MaintenanceSpec Maintenance { get; init; } = new();

    /// <summary>True when an ingress has to listen for the service.</summary>
    [JsonIgnore]
    public bool HasListeners => !Ports.IsEmpty || !Routes.IsEmpty;
}

public enum BalanceKind
{
    RoundRobin,
    LeastConnections,
}

/// <summary>What is spoken on a published port.</summary>
public enum PortApplication
{
    /// <summary>The first bytes decide: an HTTP/1 request is balanced request by request, anything else is passed through as TCP. A client that says nothing at first is taken for TCP after a moment.</summary>
    Auto,
    Tcp,
    Http,
}

public sealed record IngressPortSpec
{
    /// <summary>1 to 65535, on every host.</summary>
    public required int Published { get; init; }

    /// <summary>1 to 65535, in the container.</summary>
    public required int Target { get; init; }

    /// <summary>The host's address that is bound; null for all.</summary>
    public string? HostIp { get; init; }

    /// <summary><c>app_protocol</c> of the long form.</summary>
    public PortApplication Application { get; init; }
}

public enum BackendProtocol
{
    Http,

    /// <summary>TLS to the replica; its certificate is not verified, as it is reached by address.</summary>
    Https,

    /// <summary>HTTP/2 without TLS, for gRPC.</summary>
    H2c,

    /// <summary>The route passes bytes on: TLS is told apart by its SNI and not ended here.</summary>
    Tls,
}

/// <summary>One HTTP route. Requests are matched by host, exact before wildcard before regular expression before none, then by the longest path.</summary>
public sealed record RouteSpec
{
    /// <summary><c>example.com</c>, <c>*.example.com</c>, <c>example.*</c>, <c>~^regular expression</c>, or empty for any host. Lower case but for a regular expression.</summary>
    public string Host { get; init; } = "";

    /// <summary>A prefix by whole segments. Default <c>/</c>.</summary>
    public string Path { get; init; } = "/";

    /// <summary>What the route is for, whatever becomes of its requests: a change of the container's port leaves it the same route.</summary>
    [JsonIgnore]
    public string Key => string.Create(CultureInfo.InvariantCulture, $"{HttpPort}/{HttpsPort} {Host}{Path}");

    /// <summary>Container port.</summary>
    public required int Port { get; init; }

    /// <summary>True: the replica sees the path without <see cref="Path"/>.</summary>
    public bool Strip { get; init; }

    public BackendProtocol Protocol { get; init; }

    /// <summary>The certificate's <see cref="CertificateSpec.Id"/>; null: not served over TLS.</summary>
    public string? Certificate { get; init; }

    /// <summary>With a certificate: plain HTTP is answered with a redirect. Default true.</summary>
    public bool Redirect { get; init; } = true;

    /// <summary>The host's port for plain HTTP. Default 80.</summary>
    public int HttpPort { get; init; } = 80;

    /// <summary>The host's port for TLS. Default 443.</summary>
    public int HttpsPort { get; init; } = 443;
}

public enum StickyKind
{
    /// <summary>A cookie of the ingress's own; HTTP only.</summary>
    Cookie,

    /// <summary>The client's address.</summary>
    Source,
}

/// <param name="Kind">How a client is known again.</param>
/// <param name="CookieName">Default <c>orchestrator</c>.</param>
public sealed record StickySpec(StickyKind Kind, string CookieName = "orchestrator");

/// <summary><c>x-orchestrator.timeouts</c>.</summary>
public sealed record TrafficTimeoutsSpec
{
    /// <summary>To a replica; then another one is tried. Default 1 s.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A replica's silence within a request. Default 60 s.</summary>
    public TimeSpan Response { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A client's silence, within a request or between two. Default 60 s.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Silence on both sides of TCP or a WebSocket. Default 1 h.</summary>
    public TimeSpan Tunnel { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Waiting for a replica below its <see cref="TrafficSpec.MaxConnections"/>. Default 30 s.</summary>
    public TimeSpan Queue { get; init; } = TimeSpan.FromSeconds(30);
}

/// <param name="Accept">The ingress expects the header from whoever connects to the service's published ports.</param>
/// <param name="Send">The ingress sends the header (version 2) to replicas.</param>
public sealed record ProxyProtocolSpec(bool Accept = false, bool Send = false);

/// <summary>The limits that new replicas are held to before the old ones go.</summary>
public sealed record SloSpec
{
    /// <summary>0 to 1: the share of failed requests that new replicas may have; old ones that fail more often excuse them. Null: not judged.</summary>
    public double? ErrorRate { get; init; }

    /// <summary>Null: not judged.</summary>
    public TimeSpan? P95 { get; init; }

    /// <summary>How long each batch is watched. Default 10 s.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>With fewer requests to the new replicas nothing is concluded, and the batch passes. Default 20.</summary>
    public int RequestsMin { get; init; } = 20;
}

public sealed record MaintenanceSpec
{
    /// <summary>The page's text (HTML); null for a plain one. Answered with 503 and Retry-After.</summary>
    public string? Page { get; init; }

    /// <summary>Above zero: requests wait so long for the end of maintenance before the page is answered. At most 10 min.</summary>
    public TimeSpan Hold { get; init; }
}

/// <summary>A certificate of the stack's file. The contents travel beside the specification, never in it.</summary>
/// <param name="Id">SHA-256 over certificate chain and key, lower-case hexadecimal.</param>
/// <param name="Names">DNS names in it, for people and for checks.</param>
/// <param name="NotAfter">Its end.</param>
public sealed record CertificateSpec(string Id, ImmutableArray<string> Names, DateTimeOffset NotAfter);
