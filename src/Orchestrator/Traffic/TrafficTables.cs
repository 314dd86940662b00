using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Traffic;

/// <summary>From what is wanted and what runs to who takes traffic. Pure.</summary>
internal static class TrafficTables
{
    /// <summary>One name in the fleet for a replica's container.</summary>
    public static string Id(ReplicaKey replica, string host) => $"{replica.ContainerName}@{host}";

    /// <summary>A replica wherever it is.</summary>
    public static string Name(ReplicaKey replica) => $"{replica.Service}/{replica.Slot}/{replica.Revision}";

    public static ImmutableArray<ServiceTraffic> Services(TrafficTarget target, FleetSnapshot fleet, TrafficMarks marks)
    {
        var replicas = fleet.Replicas(target.Stack)
            .Where(r => r.Replica.IsServing && !marks.Withheld.Contains(Name(r.Replica.Key)))
            .ToLookup(r => r.Replica.Key.Service, StringComparer.Ordinal);
        var names = replicas.Select(r => r.Key).Concat(target.Current?.Spec.Services.Select(s => s.Name) ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return [.. names.Select(name => Service(target, name, replicas[name], marks)).OfType<ServiceTraffic>()];
    }

    private static ServiceTraffic? Service(TrafficTarget target, string name, IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> replicas, TrafficMarks marks)
    {
        if (target.Wanted(name) is not { } wanted)
        {
            return null;
        }
        var endpoints = Orchestrator.Traffic.Endpoint.Ordered(replicas
            .Select(r => Endpoint(target.OfRevision(name, r.Replica.Key.Revision) ?? wanted, r.Host, r.Replica, marks))
            .OfType<Endpoint>());
        var held = target.Held(name, endpoints);
        var shown = held ?? wanted;
        var spec = WithPortsOf(shown.Traffic, endpoints, target, name, except: held is null ? null : target.RevisionOf(name));
        return new ServiceTraffic
        {
            Service = name,
            Spec = target.Head.Held(name, spec),
            FormerPorts = [.. spec.Ports.Select(p => p.Published).Except(shown.Traffic.Ports.Select(p => p.Published)).Order()],
            Endpoints = endpoints,
            IsInMaintenance = target.Head.InMaintenance.Contains(name),
            Aliases = shown.Container.Networks.Where(n => !n.Aliases.IsEmpty).GroupBy(n => n.EngineName, StringComparer.Ordinal).ToImmutableSortedDictionary(g => g.Key, g => g.First().Aliases, StringComparer.Ordinal),
        };
    }

    /// <summary>What a former revision listened on stays until the last of its replicas is out of the traffic.</summary>
    /// <param name="except">A revision that is not promoted yet: it listens on nothing of its own.</param>
    private static TrafficSpec WithPortsOf(TrafficSpec wanted, ImmutableArray<Endpoint> endpoints, TrafficTarget target, string name, string? except)
    {
        var former = endpoints
            .Select(e => e.Replica.Revision)
            .Distinct(StringComparer.Ordinal)
            .Where(r => r != except)
            .SelectMany(r => target.OfRevision(name, r)?.Traffic.Ports ?? [])
            .Where(p => wanted.Ports.All(w => w.Published != p.Published))
            .DistinctBy(p => p.Published)
            .ToList();
        return former.Count == 0 ? wanted : wanted with { Ports = [.. wanted.Ports, .. former] };
    }

    private static Endpoint? Endpoint(ServiceSpec service, HostSnapshot host, ReplicaSnapshot replica, TrafficMarks marks)
    {
        if (AddressOf(service, host, replica) is not { } address)
        {
            return null;
        }
        var id = Id(replica.Key, host.Name);
        return new Endpoint
        {
            Id = id,
            Replica = replica.Key,
            Host = host.Name,
            State = marks.Draining.Contains(id) ? EndpointState.Draining : EndpointState.Serving,
            Address = address,
            Addresses = replica.Addresses,
            Ports = service.Traffic.Ports.DistinctBy(p => p.Published).ToImmutableSortedDictionary(p => p.Published, p => p.Target),
            RoutePorts = [.. service.Traffic.Routes.Select(r => r.Port).Distinct().Order()],
            Routes = service.Traffic.Routes.DistinctBy(r => r.Key).ToImmutableSortedDictionary(r => r.Key, r => r.Port, StringComparer.Ordinal),
            DrainTimeout = service.Deploy.DrainTimeout,
        };
    }

    /// <summary>Null: it has no network that anyone could reach it by.</summary>
    private static string? AddressOf(ServiceSpec service, HostSnapshot host, ReplicaSnapshot replica) => service.Container.NetworkMode switch
    {
        "host" => host.Facts?.Address ?? "127.0.0.1",
        "none" => null,
        _ => service.Container.Networks
                .OrderByDescending(n => n.Priority)
                .ThenBy(n => n.EngineName, StringComparer.Ordinal)
                .Select(n => replica.Addresses.GetValueOrDefault(n.EngineName))
                .FirstOrDefault(a => a is not null)
            ?? replica.Addresses.Values.FirstOrDefault(),
    };
}

/// <summary>What the stack wants.</summary>
/// <param name="Revisions">Newest first.</param>
internal sealed record TrafficTarget(StackHead Head, ImmutableArray<StackRevision> Revisions)
{
    public string Stack => Head.Stack;

    /// <summary>Another stack has a network of the same name, so that containers of it may ask for the services of this one.</summary>
    public bool IsShared { get; init; }

    /// <summary>Ingresses are on every host: what any kept revision listens on, each host shows.</summary>
    public bool IsShownEverywhere => IsShared || Revisions.Any(r => r.Spec.Services.Any(s => s.Traffic.HasListeners));

    /// <summary>Engine names of the networks of every kept revision.</summary>
    public ImmutableHashSet<string> Networks => Revisions.SelectMany(r => r.Spec.Networks.Values).Select(n => n.EngineName).ToImmutableHashSet(StringComparer.Ordinal);

    /// <summary>Null: nothing is wanted, the stack is on its way out.</summary>
    public StackRevision? Current => Head.IsRemoving ? null : Revisions.FirstOrDefault(r => r.Number == Head.Current);

    /// <summary>The service as it is wanted; one that leaves the stack, as it was last.</summary>
    public ServiceSpec? Wanted(string service) =>
        Find(Current, service) ?? Revisions.Select(r => Find(r, service)).FirstOrDefault(s => s is not null);

    /// <summary>The revisions of which something is shown.</summary>
    public IEnumerable<StackRevision> Shown => Current is { } current ? Revisions.Where(r => r.Number == current.Number || Head.Unpromoted.ContainsValue(r.Number)) : [];

    /// <summary>The service as it is shown while its canary or blue-green is not promoted; null: as it is wanted. Of a blue-green the switch's own table has it as it is wanted.</summary>
    public ServiceSpec? Held(string service, ImmutableArray<Endpoint> endpoints) =>
        Head.Unpromoted.TryGetValue(service, out var number)
        && Find(Current, service) is { } wanted
        && !(wanted.Deploy.Strategy.Kind == StrategyKind.BlueGreen && RevisionOf(service) is { } revision && endpoints.Any(e => e.State == EndpointState.Serving && e.Replica.Revision == revision))
            ? Find(Revisions.FirstOrDefault(r => r.Number == number), service)
            : null;

    /// <summary>The revision of its replicas that is wanted.</summary>
    public string? RevisionOf(string service) => Current?.Services.GetValueOrDefault(service)?.Id;

    /// <summary>The service as the replicas of one of its revisions have it.</summary>
    public ServiceSpec? OfRevision(string service, string revision) =>
        Revisions.OrderByDescending(r => r.Number == Head.Current)
            .Where(r => r.Services.GetValueOrDefault(service)?.Id == revision)
            .Select(r => Find(r, service))
            .FirstOrDefault(s => s is not null);

    private static ServiceSpec? Find(StackRevision? revision, string service) => revision?.Spec.Services.FirstOrDefault(s => s.Name == service);
}

/// <summary>What neither file nor fleet can tell, and what therefore is kept: see <see cref="StackTrafficActor"/>.</summary>
/// <param name="Version">The highest ever given.</param>
/// <param name="Draining">Endpoint ids that must not take traffic.</param>
/// <param name="WithheldNames">Replicas that are no endpoints, by <see cref="TrafficTables.Name"/>; null in records from before there were any.</param>
internal sealed record TrafficMarks(long Version, ImmutableSortedSet<string> Draining, ImmutableSortedSet<string>? WithheldNames = null, ImmutableSortedSet<string>? ShownBy = null)
{
    public static TrafficMarks None { get; } = new(0, ImmutableSortedSet.Create<string>(StringComparer.Ordinal));

    [JsonIgnore]
    public ImmutableSortedSet<string> Withheld => WithheldNames ?? ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
}
