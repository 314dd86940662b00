using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service's traffic, once its ports, routes, variables and network are known.</summary>
internal static class ServiceTraffic
{
    public static (TrafficSpec Traffic, ImmutableArray<Placed<IngressPortSpec>> Ports, ImmutableArray<Placed<RouteSpec>> Routes) Of(Value service, ServiceDraft draft)
    {
        var drafts = draft.Routes.AddRange(VirtualHosts.Read(service, draft.Container.Environment, hasRoutes: service.Find("x-orchestrator")?.Find("route") is not null));
        var port = SolePort(draft);
        ImmutableArray<Placed<RouteSpec>> routes = [.. drafts.SelectMany(r => Routes(r, r.Port ?? port))];
        var ports = CheckNetwork(service, draft, routes);
        var traffic = draft.Traffic with { Ports = [.. ports.Select(p => p.Item)], Routes = [.. routes.Select(r => r.Item)] };
        CheckPolicy(service, traffic);
        return (traffic, ports, routes);
    }

    private static IEnumerable<Placed<RouteSpec>> Routes(RouteDraft draft, int port)
    {
        ImmutableArray<Placed<string>> hosts = draft.Hosts.IsEmpty ? [new("", draft.At)] : draft.Hosts;
        return hosts.Select(host => new Placed<RouteSpec>(
            new RouteSpec
            {
                Host = host.Item,
                Path = draft.Path,
                Port = port,
                Strip = draft.Strip,
                Protocol = draft.Protocol,
                Certificate = draft.Certificate?.Id,
                Redirect = draft.Redirect,
                HttpPort = draft.HttpPort,
                HttpsPort = draft.HttpsPort,
            },
            host.At));
    }

    /// <summary>As nginx-proxy chooses, from what the file says; what the image exposes is not known here.</summary>
    private static int SolePort(ServiceDraft draft)
    {
        var exposed = draft.Container.Expose
            .Where(e => e.EndsWith("/tcp", StringComparison.Ordinal))
            .Select(e => int.Parse(e[..^"/tcp".Length], CultureInfo.InvariantCulture));
        var published = draft.Container.Ports.Where(p => p.Protocol == "tcp").Select(p => p.Target).Concat(draft.IngressPorts.Select(p => p.Item.Target));
        return exposed.Concat(published).Distinct().ToList() is [var sole] ? sole : RouteReader.HttpPort;
    }

    /// <summary>What the ingress listens on, given the service's network.</summary>
    private static ImmutableArray<Placed<IngressPortSpec>> CheckNetwork(Value service, ServiceDraft draft, ImmutableArray<Placed<RouteSpec>> routes)
    {
        var mode = draft.Container.NetworkMode;
        if (mode is not ("host" or "none"))
            return draft.IngressPorts;
        if (mode == "none")
        {
            foreach (var route in routes)
                route.At.Error("nothing reaches a service with `network_mode: none`", "remove the route, or give the service a network");
        }

        if (service.Find("ports") is { } ports && (draft.Container.Ports.Length > 0 || draft.IngressPorts.Length > 0))
        {
            var message = $"`ports` has no effect with `network_mode: {mode}`";
            if (mode == "none" || draft.Container.Ports.Length > 0)
                ports.Error(message, "remove one of them");
            else
                ports.Warn(message + ": the service's own ports are the host's", "remove one of them");
        }

        return [];
    }

    private static void CheckPolicy(Value service, TrafficSpec traffic)
    {
        if (service.Find("x-orchestrator") is not { IsMap: true } extension)
            return;
        foreach (var key in TrafficReader.Keys)
        {
            if (!traffic.HasListeners && extension.KeyOf(key) is { } idle)
                idle.Warn($"`{key}` has no effect: no ingress serves the service", "publish a port with `ports`, or add a `route`");
        }

        if (!traffic.HasListeners)
            return;
        var canBeHttp = traffic.Routes.Any(r => r.Protocol != BackendProtocol.Tls) || traffic.Ports.Any(p => p.Application != PortApplication.Tcp);
        if (traffic.Sticky is { Kind: StickyKind.Cookie } && !canBeHttp)
            extension.Find("sticky")?.Error("a cookie needs HTTP, which the service is not reached by", "use sticky: source");
        if (traffic.ProxyProtocol.Accept && traffic.Ports.IsEmpty)
            extension.Find("proxy_protocol")?.Warn("`accept` has no effect on routes", "it is for `ports`, which the service has none of");
    }
}
