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

    /// <summary>No more are remembered than tell a loop, unless <c>max_attempts</c> needs them.</summary>
    private const int ExitsMax = 50;

    private readonly Dictionary<(string Service, int Slot), Entry> entries = [];

    /// <summary>Takes in what the hosts report. Returns the slots that are found in a loop just now.</summary>
    public IReadOnlyList<(string Service, int Slot)> Observe(FleetSnapshot fleet, StackRevision current, DateTimeOffset now)
    {
        var loops = new List<(string, int)>();
        foreach (var gone in entries.Where(e => !current.Services.ContainsKey(e.Key.Service) && e.Value.NotBefore + BackoffMax < now).Select(e => e.Key).ToList())
        {
            entries.Remove(gone);
        }
        var seen = new HashSet<(string, int)>();
        foreach (var (host, replica) in fleet.Replicas(stack).Where(r => r.Host.State == HostState.Ready && r.Replica.State != ReplicaState.Retained))
        {
            if (current.Services.GetValueOrDefault(replica.Key.Service) is not { } service || service.Id != replica.Key.Revision)
            {
                continue;
            }
            var entry = EntryOf(replica.Key.Service, replica.Key.Slot, service.Id);
            entry.Take(host.Name, replica, current.Service(replica.Key.Service).Container.Restart, now);
            seen.Add((replica.Key.Service, replica.Key.Slot));
            if (!entry.IsTold && entry.IsLoop(now))
            {
                entry.IsTold = true;
                loops.Add((replica.Key.Service, replica.Key.Slot));
            }
        }
        foreach (var (_, entry) in entries.Where(e => !seen.Contains(e.Key)))
        {
            entry.IsGone();
        }
        return loops;
    }

    /// <summary>A try to bring back what had ended or was unhealthy: one of <c>max_attempts</c>, and the next one waits.</summary>
    public void Tried(string service, int slot, string revision, RestartSpec restart, DateTimeOffset now)
    {
        var entry = EntryOf(service, slot, revision);
        entry.Settle(now);
        entry.Tries++;
        entry.AddAttempts(1, restart, now);
        entry.NotBefore = now + Pause(entry.Tries, restart.Delay);
    }

    /// <summary>A try has failed: the next one waits, whatever it is to do. Only what had been started has ended by that; a pull, a host or the traffic is not the replica's fault.</summary>
    /// <param name="wasCounted">As a try, when it began.</param>
    public void Failed(string service, int slot, string revision, RestartSpec restart, FailureReport? report, bool wasCounted, DateTimeOffset now)
    {
        var entry = EntryOf(service, slot, revision);
        if (report?.Stage is ReplicaStage.Start or ReplicaStage.Gate or ReplicaStage.Monitor)
        {
            entry.AddExits(1, restart, now);
            entry.Ended(restart, now);
        }
        else if (wasCounted)
        {
            entry.TakeBackAttempt();
        }
        entry.LastExitCode = report?.ExitCode ?? entry.LastExitCode;
        entry.LastReason = report?.Message ?? entry.LastReason;
        entry.Tries += wasCounted ? 0 : 1;
        entry.NotBefore = now + Pause(entry.Tries, restart.Delay);
        entry.HasFailed = true;
    }

    public void Succeeded(string service, int slot)
    {
        if (entries.GetValueOrDefault((service, slot)) is { } entry)
        {
            entry.HasFailed = false;
        }
    }

    /// <summary>When it may be tried again; in the past: at once, as what was removed by hand or lost with its host. Null: never, for <c>max_attempts</c> is used up.</summary>
    /// <param name="isAfterEnd">Its replica has ended or is unhealthy.</param>
    public DateTimeOffset? MayTry(string service, int slot, bool isAfterEnd, RestartSpec restart, DateTimeOffset now) =>
        entries.GetValueOrDefault((service, slot)) is not { } entry ? now
        : isAfterEnd && entry.IsSpent(restart) ? null
        : isAfterEnd || entry.HasFailed ? entry.NotBefore
        : now;

    public CrashLoopView? View(string service, int slot, RestartSpec restart, DateTimeOffset now)
    {
        if (entries.GetValueOrDefault((service, slot)) is not { } entry)
        {
            return null;
        }
        entry.Settle(now);
        var isSpent = entry.IsSpent(restart) && !entry.IsServing;
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

    private static TimeSpan Pause(int tries, TimeSpan delay) => DoublingPause.After(tries, delay > BackoffMin ? delay : BackoffMin, BackoffMax);

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

        /// <summary>When it was started again, by the engine or by us: where there is a window, within that.</summary>
        private readonly Queue<DateTimeOffset> attempts = new();
        private readonly Dictionary<string, (int Restarts, ReplicaState State)> known = new(StringComparer.Ordinal);
        private DateTimeOffset? servingSince;
        private int total;

        /// <summary>It ended with no attempt left in its window. The window passes; that does not.</summary>
        private bool endedSpent;

        public string Revision { get; } = revision;

        public int Tries { get; set; }

        public DateTimeOffset NotBefore { get; set; } = DateTimeOffset.MinValue;

        /// <summary>The last try has.</summary>
        public bool HasFailed { get; set; }

        public int? LastExitCode { get; set; }

        public string? LastReason { get; set; }

        public bool IsTold { get; set; }

        public bool IsServing => servingSince is not null;

        public void Take(string host, ReplicaSnapshot replica, RestartSpec restart, DateTimeOffset now)
        {
            Settle(now);
            IsTold &= IsLoop(now);
            var id = $"{host}/{replica.ContainerId}";
            if (known.TryGetValue(id, out var before))
            {
                var restarts = replica.RestartCount - before.Restarts;
                if (restarts > 0)
                {
                    AddExits(restarts, restart, now);
                    AddAttempts(restarts, restart, now);
                }
                else if (replica.State == ReplicaState.Exited && before.State is ReplicaState.Running)
                {
                    AddExits(1, restart, now);
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
            if (replica.IsServing)
            {
                endedSpent = false;
            }
            else if (replica.State == ReplicaState.Exited)
            {
                Ended(restart, now);
            }
        }

        public void IsGone() => servingSince = null;

        public void AddExits(int count, RestartSpec restart, DateTimeOffset now)
        {
            var span = restart.Window > Span ? restart.Window : Span;
            Add(exits, count, Math.Max(ExitsMax, restart.MaxAttempts), now);
            while (exits.TryPeek(out var oldest) && now - oldest >= span)
            {
                exits.Dequeue();
            }
        }

        public void AddAttempts(int count, RestartSpec restart, DateTimeOffset now)
        {
            total += count;
            Add(attempts, count, Math.Max(1, restart.MaxAttempts), now);
        }

        /// <summary>It came to nothing before the replica was started.</summary>
        public void TakeBackAttempt()
        {
            total--;
            var kept = attempts.SkipLast(1).ToList();
            attempts.Clear();
            kept.ForEach(attempts.Enqueue);
        }

        public void Ended(RestartSpec restart, DateTimeOffset now) =>
            endedSpent |= restart.MaxAttempts > 0 && restart.Window > TimeSpan.Zero && attempts.Count(a => now - a < restart.Window) >= restart.MaxAttempts;

        /// <summary>What has served for long enough waits for no try any more; how often it has ended lately stays known, and so does the budget of its revision.</summary>
        public void Settle(DateTimeOffset now)
        {
            if (servingSince is { } since && now - since >= ServedLongEnough)
            {
                Tries = 0;
                NotBefore = DateTimeOffset.MinValue;
                HasFailed = false;
            }
        }

        public int Recent(DateTimeOffset now) => exits.Count(e => now - e < Span);

        public TimeSpan Since(DateTimeOffset now) => exits.Where(e => now - e < Span).Select(e => now - e).DefaultIfEmpty().Max();

        public bool IsLoop(DateTimeOffset now) => Recent(now) >= LoopExits;

        public bool IsSpent(RestartSpec restart) => restart.MaxAttempts > 0 && (restart.Window > TimeSpan.Zero ? endedSpent : total >= restart.MaxAttempts);

        private static void Add(Queue<DateTimeOffset> times, int count, int max, DateTimeOffset now)
        {
            for (var i = 0; i < Math.Min(count, max); i++)
            {
                times.Enqueue(now);
            }
            while (times.Count > max)
            {
                times.Dequeue();
            }
        }
    }
}
