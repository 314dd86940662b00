using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Stacks;

namespace Orchestrator.Traffic;

/// <summary>Something an ingress listens for, which only one stack of the fleet may have.</summary>
/// <param name="Service">Who wants it.</param>
/// <param name="Text">For people: <c>port 8080</c>, <c>route example.com/api</c>.</param>
/// <param name="Key">Equal keys collide, where their addresses overlap.</param>
/// <param name="HostIp">Null: every address of the hosts.</param>
internal sealed record Listener(string Service, string Text, string Key, string? HostIp = null)
{
    public static ImmutableArray<Listener> Of(StackSpec stack) =>
    [
        .. from service in stack.Services
           from port in service.Traffic.Ports
           select new Listener(service.Name, $"port {Number(port.Published)}{On(port.HostIp)}", $"port {Number(port.Published)}", port.HostIp),
        .. from service in stack.Services
           from route in service.Traffic.Routes
           select new Listener(service.Name, $"route {(route.Host.Length == 0 ? "*" : route.Host)}{route.Path}", $"route {route.Host}{route.Path} {Number(route.HttpPort)} {Number(route.HttpsPort)}"),
        .. (from service in stack.Services
            from route in service.Traffic.Routes
            from port in route.Certificate is null && route.Protocol != BackendProtocol.Tls ? new[] { route.HttpPort } : [route.HttpPort, route.HttpsPort]
            select port).Distinct().Select(port => new Listener("", $"port {Number(port)} for HTTP routes", $"shared {Number(port)}")),
    ];

    /// <summary>Ports that replicas bind on their hosts themselves: no ingress may have them, for it has its ports on every host.</summary>
    public static ImmutableArray<Listener> OfHosts(StackSpec stack) =>
    [
        .. from service in stack.Services
           from port in service.Container.Ports
           where port.Published is > 0 && port.Protocol == "tcp"
           select new Listener(service.Name, $"port {Number(port.Published!.Value)}{On(port.HostIp)} of its hosts", $"port {Number(port.Published!.Value)}", port.HostIp),
    ];

    /// <summary>The HTTP ports are shared by all routes, but no published port may be one of them.</summary>
    public bool CollidesWith(Listener other) =>
        IsShared || other.IsShared ? IsShared != other.IsShared && PortOf(Key) == PortOf(other.Key) && PortOf(Key) is not null : Key == other.Key && HostAddress.Overlap(HostIp, other.HostIp);

    private static string On(string? hostIp) => hostIp is null ? "" : $" on {hostIp}";

    private bool IsShared => Key.StartsWith("shared ", StringComparison.Ordinal);

    private static string? PortOf(string key) => key.StartsWith("route ", StringComparison.Ordinal) ? null : key[(key.IndexOf(' ', StringComparison.Ordinal) + 1)..];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
