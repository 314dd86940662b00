using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>The hosts while a plan is made: who has how many replicas, what is set aside for them, and whose ports are taken.</summary>
public sealed class PlacementBoard
{
    /// <summary>In a reason for people.</summary>
    private const int HostsNamedMax = 20;

    private readonly FleetSnapshot fleet;
    private readonly bool countsReservations;
    private readonly Dictionary<string, Standing> standings = new(StringComparer.Ordinal);

    /// <summary>By service, from its first choice on.</summary>
    private readonly Dictionary<string, CandidateList> candidates = new(StringComparer.Ordinal);

    /// <summary>Starts from what other stacks have; this stack's replicas are added as the plan decides on them.</summary>
    /// <param name="countsReservations">False: none is in the way, as on a way back, which a reservation must not hold up.</param>
    public PlacementBoard(FleetSnapshot fleet, string stack, bool countsReservations = true)
    {
        this.fleet = fleet;
        this.countsReservations = countsReservations;
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
            Of(host).Total++;
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
        foreach (var (port, protocol, address) in PortsOf(replica))
        {
            Of(host).Bind(port, protocol, address, owner);
        }
    }

    /// <summary>Ports that a service's own replica gives up last: none of the service can have them in this plan, another service can, after it.</summary>
    public void HoldPorts(string host, ServiceSpec service, ReplicaSnapshot replica, string owner)
    {
        foreach (var (port, protocol, address) in PortsOf(replica).Where(_ => replica.State is not (ReplicaState.Created or ReplicaState.Exited)))
        {
            Of(host).Bind(port, protocol, address, owner, service.Name);
        }
    }

    public static IEnumerable<(int Port, string Protocol, string HostIp)> PortsOf(ReplicaSnapshot replica) => replica.Ports.Select(PublishedPort).OfType<(int, string, string)>();

    public void Hold(string host, Reservation reservation) => Of(host).Reserved += reservation;

    public void Take(string host, ServiceSpec service, int slot)
    {
        var standing = Of(host);
        standing.OfService[service.Name] = standing.OfService.GetValueOrDefault(service.Name) + 1;
        standing.Total++;
        candidates.GetValueOrDefault(service.Name)?.Count(host);
        Hold(host, Reservation.Of(service));
        foreach (var port in FixedPorts(service))
        {
            standing.Bind(port.Published!.Value, port.Protocol, port.HostIp, $"{service.Name}.{slot}");
        }
    }

    public int CountOf(string host, ServiceSpec service) => standings.GetValueOrDefault(host)?.OfService.GetValueOrDefault(service.Name) ?? 0;

    /// <summary>Null when the host can take one more, else why not.</summary>
    public string? Refusal(HostSnapshot host, ServiceSpec service, ServiceRevision revision) =>
        PlacementFilter.Refusal(host, service, revision) ?? FullRefusal(host.Name, service);

    /// <summary>Of ports and reservations.</summary>
    public string? RoomRefusal(string host, ServiceSpec service) => PortRefusal(host, service) ?? ShortageOf(host, Reservation.Of(service));

    public string? PortRefusal(string host, ServiceSpec service)
    {
        foreach (var port in FixedPorts(service))
        {
            if (standings.GetValueOrDefault(host)?.OwnerOf(service.Name, port) is { } owner)
            {
                return $"port {port.Published}/{port.Protocol} is taken there by {owner}";
            }
        }
        return null;
    }

    /// <summary>Null when the host has that much left, else what it lacks; a host that does not say how much it has is not asked.</summary>
    public string? ShortageOf(string host, Reservation wanted)
    {
        if (!countsReservations || fleet.Hosts.GetValueOrDefault(host)?.Facts is not { } facts)
        {
            return null;
        }
        var has = standings.GetValueOrDefault(host)?.Reserved ?? default;
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

    /// <summary>The best host: spread over the preferred labels, then fewest of the service, then fewest of all, then by name. Null when no host can.</summary>
    /// <param name="reasons">For people: why that one, and why not the others.</param>
    public string? Choose(ServiceSpec service, ServiceRevision revision, out string reasons)
    {
        if (!candidates.TryGetValue(service.Name, out var list))
        {
            candidates[service.Name] = list = new CandidateList(fleet, service, revision, this);
        }
        var best = list.Best(h => FullRefusal(h, service) is not null);
        reasons = best is not null ? WhyThere(best, service, revision) : fleet.Hosts.IsEmpty ? "there are no hosts" : string.Join("; ", fleet.Hosts.Values.Select(h => $"{h.Name}: {Refusal(h, service, revision)}"));
        return best;
    }

    /// <summary>Who refuses is only named where there are few: it is asked of each host for each replica.</summary>
    private string WhyThere(string chosen, ServiceSpec service, ServiceRevision revision)
    {
        var fewest = $"fewest replicas of {service.Name}, then of all";
        if (fleet.Hosts.Count > HostsNamedMax)
        {
            return fewest;
        }
        var refusals = fleet.Hosts.Values.Where(h => h.Name != chosen).Select(h => (h.Name, Text: Refusal(h, service, revision))).ToList();
        return string.Join("; ", refusals.Where(r => r.Text is not null).Select(r => $"{r.Name} refused: {r.Text}").Prepend(refusals.All(r => r.Text is not null) ? "no other host can" : fewest));
    }

    /// <summary>A host that may run the service cannot take one more of it.</summary>
    private string? FullRefusal(string host, ServiceSpec service) =>
        service.Deploy.Placement.MaxReplicasPerHost is var max and > 0 && CountOf(host, service) >= max
            ? $"has max_replicas_per_node {max} of {service.Name}"
            : RoomRefusal(host, service);

    public static IEnumerable<PortSpec> FixedPorts(ServiceSpec service) => service.Container.Ports.Where(p => p.Published is > 0);

    private Standing Of(string host)
    {
        if (!standings.TryGetValue(host, out var standing))
        {
            standings[host] = standing = new Standing();
        }
        return standing;
    }

    /// <summary><c>0.0.0.0:8080->80/tcp</c> → 8080, tcp, 0.0.0.0.</summary>
    private static (int Port, string Protocol, string HostIp)? PublishedPort(string text)
    {
        var arrow = text.IndexOf("->", StringComparison.Ordinal);
        var slash = text.LastIndexOf('/');
        if (arrow < 0 || slash < arrow)
        {
            return null;
        }
        var colon = text.LastIndexOf(':', arrow);
        return int.TryParse(text.AsSpan(colon + 1, arrow - colon - 1), out var port) ? (port, text[(slash + 1)..], text[..Math.Max(0, colon)].Trim('[', ']')) : null;
    }

    /// <summary>What one host has, as far as the plan has come.</summary>
    private sealed class Standing
    {
        private readonly Dictionary<(int Port, string Protocol), List<(string? HostIp, string Owner, string? Service)>> ports = [];

        public int Total { get; set; }

        public Reservation Reserved { get; set; }

        public Dictionary<string, int> OfService { get; } = new(StringComparer.Ordinal);

        /// <param name="service">In the way of this service alone; null: of all.</param>
        public void Bind(int port, string protocol, string? hostIp, string owner, string? service = null)
        {
            if (ports.TryGetValue((port, protocol), out var bound))
            {
                bound.Add((hostIp, owner, service));
            }
            else
            {
                ports[(port, protocol)] = [(hostIp, owner, service)];
            }
        }

        /// <summary>Who came first of those that are in the way of the service's port.</summary>
        public string? OwnerOf(string service, PortSpec wanted) => ports.GetValueOrDefault((wanted.Published!.Value, wanted.Protocol))
            ?.Where(b => (b.Service is null || b.Service == service) && HostAddress.Overlap(b.HostIp, wanted.HostIp))
            .OrderBy(b => b.Service is not null)
            .FirstOrDefault().Owner;
    }

    /// <summary>Hosts that may run one service at all, with what they are compared by at hand: a choice is one pass over them.</summary>
    private sealed class CandidateList
    {
        private readonly Candidate[] eligible;

        /// <summary>Of every host, eligible or not: replicas where none may go any more count for the spread too.</summary>
        private readonly Dictionary<string, Candidate> all = new(StringComparer.Ordinal);

        private readonly bool isLimited;

        public CandidateList(FleetSnapshot fleet, ServiceSpec service, ServiceRevision revision, PlacementBoard board)
        {
            isLimited = service.Deploy.Placement.MaxReplicasPerHost > 0 || FixedPorts(service).Any() || Reservation.Of(service) != default;
            var root = new Group("");
            foreach (var host in fleet.Hosts.Values)
            {
                var own = new Group[service.Deploy.Placement.SpreadBy.Length];
                for (var level = 0; level < own.Length; level++)
                {
                    own[level] = (level == 0 ? root : own[level - 1]).Of(PlacementFilter.ValueOf(host, service.Deploy.Placement.SpreadBy[level]));
                }
                var candidate = new Candidate(host.Name, board.Of(host.Name), own) { Count = board.CountOf(host.Name, service) };
                foreach (var group in own)
                {
                    group.Count += candidate.Count;
                }
                all[host.Name] = candidate;
            }
            eligible = [.. fleet.Hosts.Values.Where(h => PlacementFilter.Refusal(h, service, revision) is null).Select(h => all[h.Name])];
        }

        /// <summary>The service has one more replica there.</summary>
        public void Count(string host)
        {
            if (all.TryGetValue(host, out var candidate))
            {
                candidate.Count++;
                foreach (var group in candidate.Groups)
                {
                    group.Count++;
                }
            }
        }

        public string? Best(Func<string, bool> isFull)
        {
            Candidate? best = null;
            foreach (var candidate in eligible)
            {
                // Hosts come by name: among equals the first stays.
                if ((best is null || candidate.CompareTo(best) < 0) && !(isLimited && isFull(candidate.Host)))
                {
                    best = candidate;
                }
            }
            return best?.Host;
        }
    }

    /// <summary>Hosts with the same values down to one level: a rack is another in another zone, whatever its name.</summary>
    private sealed class Group(string value)
    {
        private readonly Dictionary<string, Group> parts = new(StringComparer.OrdinalIgnoreCase);

        public string Value { get; } = value;

        public int Count { get; set; }

        public Group Of(string part) => parts.TryGetValue(part, out var known) ? known : parts[part] = new Group(part);
    }

    private sealed record Candidate(string Host, Standing Standing, Group[] Groups)
    {
        public int Count { get; set; }

        /// <summary>Fewest of the service in the preferred groups, outermost first, then on the host, then fewest of all.</summary>
        public int CompareTo(Candidate other)
        {
            for (var level = 0; level < Groups.Length; level++)
            {
                var (own, others) = (Groups[level], other.Groups[level]);
                if (!ReferenceEquals(own, others))
                {
                    return own.Count != others.Count ? own.Count - others.Count : string.CompareOrdinal(own.Value, others.Value);
                }
            }
            return Count != other.Count ? Count - other.Count : Standing.Total - other.Standing.Total;
        }
    }
}
