using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Stacks.Reading;

/// <summary>An ingress listens once on a port of a host, whatever service is behind it: what a stack's services may not share.</summary>
internal static class ListenerChecks
{
    private sealed record Listener(string Service, int Port, string? HostIp, Value At);

    private sealed record Claim(string Service, RouteSpec Route, Value At);

    public static void Check(ImmutableArray<ServiceReading> services)
    {
        var ports = services.SelectMany(s => s.Ports.Select(p => new Listener(s.Spec.Name, p.Item.Published, p.Item.HostIp, p.At))).ToList();
        var claims = services.SelectMany(s => s.Routes.Select(r => new Claim(s.Spec.Name, r.Item, r.At))).ToList();
        CheckPorts(ports);
        CheckBound(services, ports);
        CheckRoutes(claims);
        CheckRoutesBesidePorts(claims, ports);
    }

    /// <summary>Where an ingress listens for a route.</summary>
    private static int[] PortsOf(RouteSpec route) =>
        route.Protocol == BackendProtocol.Tls ? [route.HttpsPort] : route.Certificate is null ? [route.HttpPort] : [route.HttpPort, route.HttpsPort];

    private static void CheckPorts(List<Listener> ports)
    {
        foreach (var (i, port) in ports.Index())
        {
            if (ports.Take(i).FirstOrDefault(p => p.Port == port.Port && Overlap(p.HostIp, port.HostIp)) is { } first)
                port.At.Error($"port {port.Port}/tcp is already published by {first.Service} (at {first.At.Node.Place})", "publish it on another port");
        }
    }

    /// <summary>A container that binds the port takes it from the ingress of its host.</summary>
    private static void CheckBound(ImmutableArray<ServiceReading> services, List<Listener> ports)
    {
        foreach (var service in services)
        {
            foreach (var bound in service.Spec.Container.Ports.Where(p => p is { Published: not null, Protocol: "tcp" }))
            {
                foreach (var port in ports.Where(p => p.Port == bound.Published && Overlap(p.HostIp, bound.HostIp)))
                    port.At.Error($"port {port.Port}/tcp is bound by containers of {service.Spec.Name} (mode: host), so that the ingress cannot listen on it", "publish one of them on another port");
            }
        }
    }

    private static void CheckRoutes(List<Claim> claims)
    {
        foreach (var (i, claim) in claims.Index())
        {
            foreach (var first in claims.Take(i).Where(c => c.Route.Host == claim.Route.Host))
            {
                if (Reason(first.Route, claim.Route) is not { } reason)
                    continue;
                claim.At.Error($"{reason}: {first.Service} has it already (at {first.At.Node.Place})", "change the host, the path or the port of one of them");
                break;
            }
        }
    }

    /// <summary>Why two routes of one host cannot both be; null when they can.</summary>
    private static string? Reason(RouteSpec first, RouteSpec second)
    {
        var host = second.Host.Length == 0 ? "any host" : second.Host;
        var shared = PortsOf(first).Intersect(PortsOf(second)).ToList();
        if (shared.Count == 0)
            return null;
        if (first.Protocol == BackendProtocol.Tls || second.Protocol == BackendProtocol.Tls)
            return $"TLS of {host} on port {second.HttpsPort} can go one way only";
        if (first.Path == second.Path)
            return $"the route {host}{second.Path} on port {shared[0]} is there twice";
        var oneTls = first.Certificate is not null && second.Certificate is not null && first.HttpsPort == second.HttpsPort;
        return oneTls && first.Certificate != second.Certificate ? $"{host} on port {second.HttpsPort} can have one certificate only" : null;
    }

    private static void CheckRoutesBesidePorts(List<Claim> claims, List<Listener> ports)
    {
        foreach (var claim in claims)
        {
            var taken = PortsOf(claim.Route);
            if (ports.FirstOrDefault(p => taken.Contains(p.Port)) is { } port)
            {
                claim.At.Error(
                    $"the route is served on port {port.Port}, which {port.Service} publishes (at {port.At.Node.Place})",
                    "publish it on another port, or give the route `http_port` or `https_port`");
            }
        }
    }

    /// <summary>Whether two bindings meet on some address; no address, and <c>::</c>, are all of them.</summary>
    private static bool Overlap(string? first, string? second)
    {
        var (a, b) = (Parse(first), Parse(second));
        if (a is null || b is null || a.Equals(b))
            return true;
        return a.AddressFamily == b.AddressFamily && (a.Equals(IPAddress.Any) || b.Equals(IPAddress.Any));
    }

    private static IPAddress? Parse(string? text) =>
        text is null || !IPAddress.TryParse(text, out var address) || (address.AddressFamily == AddressFamily.InterNetworkV6 && address.Equals(IPAddress.IPv6Any)) ? null : address;
}
