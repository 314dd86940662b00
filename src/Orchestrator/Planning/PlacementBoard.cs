using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>The hosts while a plan is made: who has how many replicas, what is set aside for them, and whose ports are taken.</summary>
public sealed class PlacementBoard
{
    private readonly FleetSnapshot fleet;
    private readonly Dictionary<(string Host, string Service), int> ofService = [];
    private readonly Dictionary<string, int> total = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Reservation> reserved = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Host, int Port, string Protocol), string> ports = [];

    /// <summary>Starts from what other stacks have; this stack's replicas are added as the plan decides on them.</summary>
    public PlacementBoard(FleetSnapshot fleet, string stack)
    {
        this.fleet = fleet;
        foreach (var host in fleet.Hosts.Values.Where(h => h.State != HostState.Down))
        {
            foreach (var replica in host.Replicas.Values.Where(r => r.Key.Stack != stack))
            {
                Keep(host.Name, replica, $"{replica.Key.Stack}/{replica.Key.Service}.{replica.Key.Slot}");
            }
        }
    }

    /// <summary>A replica that is there and stays, whatever the plan decides on.</summary>
    public void Keep(string host, ReplicaSnapshot replica, string owner)
    {
        if (replica.State != ReplicaState.Retained)
        {
            total[host] = total.GetValueOrDefault(host) + 1;
            Hold(host, replica, owner);
        }
    }

    /// <summary>A replica that will go when all else is there: till then nobody else can have what it has.</summary>
    public void Hold(string host, ReplicaSnapshot replica, string owner)
    {
        if (replica.State == ReplicaState.Retained)
        {
            return;
        }
        Hold(host, Reservation.Of(replica));
        foreach (var (port, protocol) in replica.Ports.Select(PublishedPort).OfType<(int, string)>())
        {
            ports.TryAdd((host, port, protocol), owner);
        }
    }

    public void Hold(string host, Reservation reservation) => reserved[host] = reserved.GetValueOrDefault(host) + reservation;

    public void Take(string host, ServiceSpec service, int slot)
    {
        ofService[(host, service.Name)] = CountOf(host, service) + 1;
        total[host] = total.GetValueOrDefault(host) + 1;
        Hold(host, Reservation.Of(service));
        foreach (var port in FixedPorts(service))
        {
            ports.TryAdd((host, port.Published!.Value, port.Protocol), $"{service.Name}.{slot}");
        }
    }

    public int CountOf(string host, ServiceSpec service) => ofService.GetValueOrDefault((host, service.Name));

    /// <summary>Null when the host can take one more, else why not.</summary>
    public string? Refusal(HostSnapshot host, ServiceSpec service, ServiceRevision revision)
    {
        if (PlacementFilter.Refusal(host, service, revision) is { } refusal)
        {
            return refusal;
        }
        if (service.Deploy.Placement.MaxReplicasPerHost is var max and > 0 && CountOf(host.Name, service) >= max)
        {
            return $"has max_replicas_per_node {max} of {service.Name}";
        }
        return RoomRefusal(host.Name, service);
    }

    /// <summary>Of ports and reservations.</summary>
    public string? RoomRefusal(string host, ServiceSpec service) => PortRefusal(host, service) ?? ShortageOf(host, Reservation.Of(service));

    public string? PortRefusal(string host, ServiceSpec service)
    {
        foreach (var port in FixedPorts(service))
        {
            if (ports.TryGetValue((host, port.Published!.Value, port.Protocol), out var owner))
            {
                return $"port {port.Published}/{port.Protocol} is taken there by {owner}";
            }
        }
        return null;
    }

    /// <summary>Null when the host has that much left, else what it lacks; a host that does not say how much it has is not asked.</summary>
    public string? ShortageOf(string host, Reservation wanted)
    {
        if (fleet.Hosts.GetValueOrDefault(host)?.Facts is not { } facts)
        {
            return null;
        }
        var has = reserved.GetValueOrDefault(host);
        var shortages = new List<string>(2);
        if (wanted.MemoryBytes > 0 && facts.MemoryBytes > 0 && has.MemoryBytes + wanted.MemoryBytes > facts.MemoryBytes)
        {
            shortages.Add($"{Amount.Memory(wanted.MemoryBytes)} of memory are to be reserved, {Amount.Memory(Math.Max(0, facts.MemoryBytes - has.MemoryBytes))} of its {Amount.Memory(facts.MemoryBytes)} are not reserved yet");
        }
        if (wanted.Cpus > 0 && facts.Cpus > 0 && has.Cpus + wanted.Cpus > facts.Cpus)
        {
            shortages.Add($"{Amount.Cpus(wanted.Cpus)} cpus are to be reserved, {Amount.Cpus(Math.Max(0, facts.Cpus - has.Cpus))} of its {facts.Cpus} are not reserved yet");
        }
        return shortages.Count == 0 ? null : string.Join(", ", shortages);
    }

    /// <summary>The best host: spread over the preferred labels, then fewest of the service, then fewest of all, then by name. Null with the reasons when no host can.</summary>
    public string? Choose(ServiceSpec service, ServiceRevision revision, out string reasons)
    {
        var refusals = new List<string>();
        var eligible = new List<HostSnapshot>();
        foreach (var host in fleet.Hosts.Values)
        {
            if (Refusal(host, service, revision) is { } refusal)
            {
                refusals.Add($"{host.Name}: {refusal}");
            }
            else
            {
                eligible.Add(host);
            }
        }
        reasons = refusals.Count == 0 ? "there are no hosts" : string.Join("; ", refusals);
        IEnumerable<HostSnapshot> best = eligible;
        foreach (var key in service.Deploy.Placement.SpreadBy)
        {
            best = best.GroupBy(h => PlacementFilter.ValueOf(h, key), StringComparer.OrdinalIgnoreCase)
                .OrderBy(g => CountInGroup(service, key, g.Key))
                .ThenBy(g => g.Key, StringComparer.Ordinal)
                .FirstOrDefault() ?? best;
        }
        return best.OrderBy(h => CountOf(h.Name, service))
            .ThenBy(h => total.GetValueOrDefault(h.Name))
            .ThenBy(h => h.Name, StringComparer.Ordinal)
            .FirstOrDefault()?.Name;
    }

    public static IEnumerable<PortSpec> FixedPorts(ServiceSpec service) => service.Container.Ports.Where(p => p.Published is > 0);

    private int CountInGroup(ServiceSpec service, string key, string value) =>
        fleet.Hosts.Values
            .Where(h => string.Equals(PlacementFilter.ValueOf(h, key), value, StringComparison.OrdinalIgnoreCase))
            .Sum(h => CountOf(h.Name, service));

    /// <summary><c>0.0.0.0:8080->80/tcp</c> → 8080, tcp.</summary>
    private static (int Port, string Protocol)? PublishedPort(string text)
    {
        var arrow = text.IndexOf("->", StringComparison.Ordinal);
        var slash = text.LastIndexOf('/');
        if (arrow < 0 || slash < arrow)
        {
            return null;
        }
        var colon = text.LastIndexOf(':', arrow);
        return int.TryParse(text.AsSpan(colon + 1, arrow - colon - 1), out var port) ? (port, text[(slash + 1)..]) : null;
    }
}
