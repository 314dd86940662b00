using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Stacks;

namespace Orchestrator.Traffic;

/// <summary>
/// A stack's traffic as keys with values, for whatever watches keys: templates on a host, and etcd. The same keys in both, so that a template
/// written for one serves the other. docs/templates.md lists them; a key that is in use is not renamed.
/// </summary>
public static class TrafficKeys
{
    /// <summary>Above every stack's keys.</summary>
    public const string Root = "/stacks";

    public static ImmutableSortedDictionary<string, string> Empty { get; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static string OfStack(string stack) => $"{Root}/{stack}";

    public static string OfService(string stack, string service) => $"{OfStack(stack)}/services/{service}";

    /// <summary>Changes with every change of the stack: who writes keys one after the other writes it last.</summary>
    public static string Version(string stack) => $"{OfStack(stack)}/version";

    /// <summary>Ordinal by key; none for a stack that is gone.</summary>
    public static ImmutableSortedDictionary<string, string> Of(TrafficTable table)
    {
        if (table.IsRemoved) return Empty;
        var keys = Empty.ToBuilder();
        keys[Version(table.Stack)] = Number(table.Version);
        foreach (var service in table.Services) Add(keys, OfService(table.Stack, service.Service), service);
        return keys.ToImmutable();
    }

    private static void Add(ImmutableSortedDictionary<string, string>.Builder keys, string at, ServiceTraffic service)
    {
        keys[$"{at}/maintenance"] = Word(service.IsInMaintenance);
        keys[$"{at}/balance"] = service.Spec.Balance switch
        {
            BalanceKind.RoundRobin => "roundrobin",
            BalanceKind.LeastConnections => "leastconn",
        };
        foreach (var port in service.Spec.Ports) keys[$"{at}/ports/{Number(port.Published)}"] = Number(port.Target);
        for (var i = 0; i < service.Spec.Routes.Length; i++) AddRoute(keys, $"{at}/routes/{i.ToString("D3", CultureInfo.InvariantCulture)}", service.Spec.Routes[i]);
        foreach (var endpoint in service.Endpoints) AddEndpoint(keys, at, service.Spec, endpoint);
    }

    /// <summary>The number only keeps routes apart and in order.</summary>
    private static void AddRoute(ImmutableSortedDictionary<string, string>.Builder keys, string at, RouteSpec route)
    {
        keys[$"{at}/host"] = route.Host;
        keys[$"{at}/path"] = route.Path;
        keys[$"{at}/port"] = Number(route.Port);
        keys[$"{at}/strip"] = Word(route.Strip);
        keys[$"{at}/protocol"] = route.Protocol switch
        {
            BackendProtocol.Http => "http",
            BackendProtocol.Https => "https",
            BackendProtocol.H2c => "h2c",
            BackendProtocol.Tls => "tls",
        };
    }

    private static void AddEndpoint(ImmutableSortedDictionary<string, string>.Builder keys, string at, TrafficSpec spec, Endpoint endpoint)
    {
        var (addresses, upstreams) = endpoint.State switch
        {
            EndpointState.Serving => ("addresses", "upstreams"),
            EndpointState.Draining => ("draining-addresses", "draining"),
        };
        keys[$"{at}/{addresses}/{endpoint.Id}"] = endpoint.Address;

        // During a rollout an old replica may have what the service now calls port 8080 on another port of its own: the key names the service's, the value the replica's.
        foreach (var port in spec.Ports)
        {
            if (endpoint.Ports.TryGetValue(port.Published, out var own)) keys[$"{at}/{upstreams}/{Number(port.Target)}/{endpoint.Id}"] = Joined(endpoint.Address, own);
        }

        // Of routes that share a port the first counts, as for whoever reads keys they are one.
        foreach (var route in spec.Routes.DistinctBy(route => route.Port))
        {
            if (endpoint.PortOf(route) is { } own) keys[$"{at}/{upstreams}/{Number(route.Port)}/{endpoint.Id}"] = Joined(endpoint.Address, own);
        }
    }

    private static string Joined(string address, int port) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{Number(port)}" : $"{address}:{Number(port)}";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Word(bool value) => value ? "true" : "false";
}
