using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>
/// How often the replica in each slot has ended, and when it may be brought back again. Counted anew with each revision of the service. In memory: a
/// coordinator that restarts begins with the shortest pause again.
/// </summary>
internal sealed class CrashBook(string stack)
{
    /// <summary>Exits older than this are no sign of a loop any more.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromMinutes(10);

    /// <summary>From this many on within <see cref="Span"/> it is a loop.</summary>
    public const int LoopExits = 3;

    public static readonly TimeSpan BackoffMax = TimeSpan.FromMinutes(5);

    /// <summary>The shortest pause after a failed try, where the file's <c>restart_policy.delay</c> is shorter still.</summary>
    public static readonly TimeSpan BackoffMin = TimeSpan.FromSeconds(1);

    /// <summary>Served for this long, it has come right.</summary>
    public static readonly TimeSpan ServedLongEnough = TimeSpan.FromMinutes(2);

    /// <summary>No more are remembered than tell a loop.</summary>
    private const int ExitsMax = 50;

    private readonly Dictionary<(string Service, int Slot), Entry> entries = [];

    /// <summary>Takes in what the hosts report. Returns the slots that are found in a loop just now.</summary>
    public IReadOnlyList<(string Service, int Slot)> Observe(FleetSnapshot fleet, StackRevision current, DateTimeOffset now)
    {
        var loops = new List<(string, int)>();
        foreach (var gone in entries.Keys.Where(k => !current.Services.ContainsKey(k.Service)).ToList())
        {
            entries.Remove(gone);
        }
        foreach (var (host, replica) in fleet.Replicas(stack).Where(r => r.Host.State == HostState.Ready && r.Replica.State != ReplicaState.Retained))
        {
            if (current.Services.GetValueOrDefault(replica.Key.Service) is not { } service || service.Id != replica.Key.Revision)
            {
                continue;
            }
            var entry = EntryOf(replica.Key.Service, replica.Key.Slot, service.Id);
            entry.Take(host.Name, replica, now);
            if (!entry.IsTold && entry.IsLoop(now))
            {
                entry.IsTold = true;
                loops.Add((replica.Key.Service, replica.Key.Slot));
            }
        }
        return loops;
    }

    /// <summary>A try to bring back what had ended or was unhealthy: the next one waits.</summary>
    public void Tried(string service, int slot, string revision, RestartSpec restart, DateTimeOffset now)
    {
        var entry = EntryOf(service, slot, revision);
        entry.Settle(now);
        entry.Tries++;
        entry.NotBefore = now + Pause(entry.Tries, restart.Delay);
    }

    /// <summary>A try has failed: it counts as an exit.</summary>
    /// <param name="wasCounted">As a try, when it began.</param>
    public void Failed(string service, int slot, string revision, RestartSpec restart, FailureReport? report, bool wasCounted, DateTimeOffset now)
    {
        var entry = EntryOf(service, slot, revision);
        entry.Add(1, now);
        entry.LastExitCode = report?.ExitCode ?? entry.LastExitCode;
        entry.LastReason = report?.Message ?? entry.LastReason;
        entry.Tries += wasCounted ? 0 : 1;
        entry.NotBefore = now + Pause(entry.Tries, restart.Delay);
    }

    /// <summary>When it may be tried again; in the past: at once. Null: never, for <c>max_attempts</c> is used up.</summary>
    public DateTimeOffset? MayTry(string service, int slot, RestartSpec restart, DateTimeOffset now) =>
        entries.GetValueOrDefault((service, slot)) is not { } entry ? now
        : entry.IsSpent(restart, now) ? null
        : entry.NotBefore;

    public CrashLoopView? View(string service, int slot, RestartSpec restart, DateTimeOffset now)
    {
        if (entries.GetValueOrDefault((service, slot)) is not { } entry)
        {
            return null;
        }
        entry.Settle(now);
        var isSpent = entry.IsSpent(restart, now);
        return isSpent || entry.IsLoop(now)
            ? new CrashLoopView(entry.Recent(now), entry.Since(now), entry.NotBefore > now && !isSpent ? entry.NotBefore : null, entry.LastExitCode, isSpent, entry.LastReason)
            : null;
    }

    public ImmutableDictionary<(string Service, int Slot), CrashLoopView> Views(StackRevision? current, DateTimeOffset now) => current is null
        ? ImmutableDictionary<(string, int), CrashLoopView>.Empty
        : entries.Keys
            .Where(k => current.Services.ContainsKey(k.Service))
            .Select(k => (k, View: View(k.Service, k.Slot, current.Service(k.Service).Container.Restart, now)))
            .Where(v => v.View is not null)
            .ToImmutableDictionary(v => v.k, v => v.View!);

    private static TimeSpan Pause(int tries, TimeSpan delay)
    {
        var first = delay > BackoffMin ? delay : BackoffMin;
        var pause = first * Math.Pow(2, Math.Min(tries, 12) - 1);
        return pause < BackoffMax ? pause : BackoffMax;
    }

    private Entry EntryOf(string service, int slot, string revision)
    {
        if (entries.GetValueOrDefault((service, slot)) is not { } entry || entry.Revision != revision)
        {
            entries[(service, slot)] = entry = new Entry(revision);
        }
        return entry;
    }

    private sealed class Entry(string revision)
    {
        private readonly Queue<DateTimeOffset> exits = new();
        private readonly Dictionary<string, (int Restarts, ReplicaState State)> known = new(StringComparer.Ordinal);
        private DateTimeOffset? servingSince;
        private int total;

        public string Revision { get; } = revision;

        public int Tries { get; set; }

        public DateTimeOffset NotBefore { get; set; } = DateTimeOffset.MinValue;

        public int? LastExitCode { get; set; }

        public string? LastReason { get; set; }

        public bool IsTold { get; set; }

        public void Take(string host, ReplicaSnapshot replica, DateTimeOffset now)
        {
            Settle(now);
            var id = $"{host}/{replica.ContainerId}";
            if (known.TryGetValue(id, out var before))
            {
                var restarts = replica.RestartCount - before.Restarts;
                if (restarts > 0)
                {
                    Add(restarts, now);
                }
                else if (replica.State == ReplicaState.Exited && before.State is ReplicaState.Running)
                {
                    Add(1, now);
                }
            }
            else
            {
                // One container at a time is the slot's; those before it are gone.
                known.Clear();
            }
            known[id] = (replica.RestartCount, replica.State);
            LastExitCode = replica.ExitCode ?? LastExitCode;
            servingSince = replica.IsServing ? servingSince ?? now : null;
        }

        public void Add(int count, DateTimeOffset now)
        {
            total += count;
            for (var i = 0; i < Math.Min(count, ExitsMax); i++)
            {
                exits.Enqueue(now);
            }
            while (exits.Count > ExitsMax)
            {
                exits.Dequeue();
            }
        }

        /// <summary>What has served for long enough begins with a clean sheet, but for the budget of its revision.</summary>
        public void Settle(DateTimeOffset now)
        {
            if (servingSince is { } since && now - since >= ServedLongEnough)
            {
                exits.Clear();
                Tries = 0;
                NotBefore = DateTimeOffset.MinValue;
                IsTold = false;
            }
        }

        public int Recent(DateTimeOffset now) => exits.Count(e => now - e < Span);

        public TimeSpan Since(DateTimeOffset now) => exits.Where(e => now - e < Span).Select(e => now - e).DefaultIfEmpty().Max();

        public bool IsLoop(DateTimeOffset now) => Recent(now) >= LoopExits;

        public bool IsSpent(RestartSpec restart, DateTimeOffset now) => restart.MaxAttempts > 0
            && (restart.Window > TimeSpan.Zero ? exits.Count(e => now - e < restart.Window) : total) >= restart.MaxAttempts;
    }
}
