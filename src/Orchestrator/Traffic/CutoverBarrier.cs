using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>
/// Which host shows which version of one stack's table, and since which version an endpoint is what it is: what the two questions "does everybody have it?" and
/// "has everybody let go of it?" are answered from. Not durable: hosts say it all again when they are asked again.
/// </summary>
internal sealed class CutoverBarrier
{
    private readonly Dictionary<string, HostStand> hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (EndpointState? State, long Since)> endpoints = new(StringComparer.Ordinal);

    /// <summary>Hosts that were lost and have not caught up since: nobody waits for them, and they are told everything before they count again.</summary>
    private readonly HashSet<string> fenced = new(StringComparer.Ordinal);

    private readonly HashSet<string> sinks = new(StringComparer.Ordinal);

    /// <summary>Hosts that have said why they cannot, as a rule none.</summary>
    private readonly SortedSet<string> troubled = new(StringComparer.Ordinal);

    /// <summary>The newest version that nobody is left to be sent.</summary>
    private long sentToAll;

    /// <summary>The first version published here: hosts may still show an endpoint of an earlier one, from before the coordinator was started anew.</summary>
    private long? first;

    /// <summary>The sum over the participants, so that an answer costs the same in a fleet of any size; null when they have changed since.</summary>
    private Tally? sum;

    /// <summary>Hosts that count, and sinks that are no hosts.</summary>
    public IEnumerable<string> Participants => hosts.Where(h => !fenced.Contains(h.Key)).Select(h => h.Key);

    /// <summary>Something that is no host, is sent tables in another way, and answers all the same.</summary>
    public void AddSink(string name)
    {
        sinks.Add(name);
        hosts[name] = HostStand.Unheard with { Sent = long.MaxValue };
        sum = null;
    }

    /// <summary>
    /// Takes in which hosts there are. Down ones are out; those back from it are fenced until they show the newest version. So are those that need not show the
    /// stack: one that comes to need it is waited for from then on.
    /// </summary>
    /// <param name="audience">Hosts that show the stack; null: all.</param>
    public void Observe(FleetSnapshot fleet, IReadOnlySet<string>? audience = null)
    {
        foreach (var (name, host) in fleet.Standings)
        {
            if (host.State == HostState.Down)
            {
                Lose(name);
            }
            else if (audience?.Contains(name) == false)
            {
                fenced.Remove(name);
                Forget(name);
            }
            else if (hosts.TryAdd(name, HostStand.Unheard))
            {
                sum = null;
                sentToAll = 0;
            }
        }
        foreach (var gone in hosts.Keys.Concat(fenced).Where(h => !fleet.Hosts.ContainsKey(h) && !sinks.Contains(h)).ToList())
        {
            fenced.Remove(gone);
            Forget(gone);
        }
    }

    /// <summary>Nobody waits for it any longer; it is fenced until it shows the newest version.</summary>
    public void Lose(string host)
    {
        fenced.Add(host);
        Forget(host);
    }

    private void Forget(string host)
    {
        if (hosts.Remove(host))
        {
            troubled.Remove(host);
            sum = null;
        }
    }

    /// <summary>Hosts that have not been sent this version, fenced ones included; they count as sent from here on.</summary>
    public IReadOnlyList<string> TakeUnsent(long version)
    {
        if (sentToAll >= version)
        {
            return [];
        }
        sentToAll = version;
        var unsent = hosts.Where(h => h.Value.Sent < version).Select(h => h.Key).Order(StringComparer.Ordinal).ToList();
        foreach (var host in unsent)
        {
            hosts[host] = hosts[host] with { Sent = version };
        }
        return unsent;
    }

    public void Publish(ImmutableArray<ServiceTraffic> services, long version)
    {
        first ??= version;
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in services.SelectMany(s => s.Endpoints))
        {
            present.Add(endpoint.Id);
            if (!endpoints.TryGetValue(endpoint.Id, out var known) || known.State != endpoint.State)
            {
                endpoints[endpoint.Id] = (endpoint.State, version);
            }
        }
        foreach (var (id, known) in endpoints.Where(e => !present.Contains(e.Key)).ToList())
        {
            if (known.State is not null)
            {
                endpoints[id] = (null, version);
            }
            else if (IsShown(known.Since))
            {
                endpoints.Remove(id);
            }
        }
    }

    /// <returns>False when nothing is answered otherwise than before: others are still waited for.</returns>
    public bool Acknowledge(string host, AgentEvent.TrafficApplied report, long newest)
    {
        if (!hosts.TryGetValue(host, out var stand))
        {
            return false;
        }
        // Before the stand is another, if it is not made yet.
        var tally = Sum;
        hosts[host] = stand with { Shown = report.Version, Drained = report.Drained, Problems = report.Problems };
        if (report.Problems.IsEmpty)
        {
            troubled.Remove(host);
        }
        else
        {
            troubled.Add(host);
        }
        if (!fenced.Contains(host))
        {
            var lowest = tally.Lowest;
            tally.Replace(stand, hosts[host]);
            return tally.Lowest != lowest || !(report.Problems.IsEmpty && stand.Problems.IsEmpty) || report.Drained.Any(tally.HaveDrained);
        }
        if (report.Version < newest)
        {
            return false;
        }
        fenced.Remove(host);
        sum = null;
        return true;
    }

    /// <summary>It is sent tables, whether it counts or not.</summary>
    public bool Knows(string host) => hosts.ContainsKey(host);

    public ImmutableArray<TrafficProblem> ProblemsOf(string host) => hosts.TryGetValue(host, out var stand) ? stand.Problems : [];

    public long ShownBy(string host) => hosts.TryGetValue(host, out var stand) ? stand.Shown : 0;

    public bool IsShown(long version) => Sum.Lowest >= version;

    /// <summary>The newest version has it.</summary>
    public bool Has(string endpoint) => endpoints.TryGetValue(endpoint, out var known) && known.State is not null;

    public bool IsServing(string endpoint) => endpoints.TryGetValue(endpoint, out var known) && known.State == EndpointState.Serving;

    /// <summary>It takes traffic, and every host shows that.</summary>
    public bool IsPublished(string endpoint) => endpoints.TryGetValue(endpoint, out var known) && known.State == EndpointState.Serving && IsShown(known.Since);

    /// <summary>No host sends anything to it, and nothing is open to it, or its time is up.</summary>
    public bool IsDrained(string endpoint) =>
        !endpoints.TryGetValue(endpoint, out var known)
            ? first is null || IsShown(first.Value)
            : known.State != EndpointState.Serving && IsShown(known.Since) && (known.State is null || Sum.HaveDrained(endpoint));

    /// <summary>A problem that no waiting cures, for people; null when there is none.</summary>
    public string? FinalProblem() => troubled
        .Where(h => !fenced.Contains(h))
        .SelectMany(h => hosts[h].Problems.Where(p => p.IsFinal).Select(p => $"host {h}: {p.Sink}: {p.Message}"))
        .FirstOrDefault();

    /// <summary>Host → why it does not show the version, or what is known of that.</summary>
    public ImmutableSortedDictionary<string, string> Behind(long version) => Participants
        .Where(h => hosts[h].Shown < version)
        .ToImmutableSortedDictionary(h => h, h => hosts[h].Problems is [var first, ..] ? $"{first.Sink}: {first.Message}" : "has not answered yet", StringComparer.Ordinal);

    private Tally Sum => sum ??= new Tally(Participants.Select(h => hosts[h]));

    /// <param name="Sent">The newest version it was sent.</param>
    /// <param name="Shown">The newest it has acknowledged.</param>
    private sealed record HostStand(long Sent, long Shown, ImmutableArray<string> Drained, ImmutableArray<TrafficProblem> Problems)
    {
        public static HostStand Unheard { get; } = new(0, 0, [], []);
    }

    /// <summary>How many hosts show which version, and how many have let go of which endpoint.</summary>
    private sealed class Tally
    {
        private readonly SortedDictionary<long, int> shown = [];
        private readonly Dictionary<string, int> drained = new(StringComparer.Ordinal);
        private int count;

        public Tally(IEnumerable<HostStand> stands)
        {
            foreach (var stand in stands)
            {
                count++;
                Add(stand, 1);
            }
        }

        /// <summary>The newest version that every host shows; with no host, any.</summary>
        public long Lowest => count == 0 ? long.MaxValue : shown.First().Key;

        public bool HaveDrained(string endpoint) => drained.GetValueOrDefault(endpoint) == count;

        public void Replace(HostStand before, HostStand after)
        {
            Add(before, -1);
            Add(after, 1);
        }

        private void Add(HostStand stand, int hosts)
        {
            Count(shown, stand.Shown, hosts);
            foreach (var endpoint in stand.Drained)
            {
                Count(drained, endpoint, hosts);
            }
        }

        private static void Count<T>(IDictionary<T, int> counts, T key, int hosts)
        {
            counts.TryGetValue(key, out var known);
            if (known + hosts == 0)
            {
                counts.Remove(key);
            }
            else
            {
                counts[key] = known + hosts;
            }
        }
    }
}
