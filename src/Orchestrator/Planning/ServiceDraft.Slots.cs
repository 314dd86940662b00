using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Which slots there will be, and what becomes of each by what is there now.</summary>
internal sealed partial class ServiceDraft
{
    private SlotDraft Examine(int slot, string? pinnedHost)
    {
        var there = At(slot);
        var match = there
            .Where(r => r.Replica.Key.Revision == revision.Id && !HasDrifted(r.Replica) && PlacementFilter.ConstraintRefusal(r.Host, service, revision) is null && (pinnedHost is null || r.Host.Name == pinnedHost))
            .OrderByDescending(r => r.Replica.IsServing && !IsLeftBehind(r))

            // A successor stays when the one it took the place of comes back. When they started says nothing: that one may just have been booted.
            .ThenByDescending(r => r.Replica.Created)
            .ThenBy(r => r.Host.Name, StringComparer.Ordinal)
            .Cast<(HostSnapshot Host, ReplicaSnapshot Replica)?>()
            .FirstOrDefault();
        if (match is not { } kept)
        {
            return Outdated(slot, there, pinnedHost);
        }
        var others = there.Where(r => r.Replica != kept.Replica).ToImmutableArray();
        if ((kept.Replica.IsServing || !others.IsEmpty) && IsToSwitch(kept, others))
        {
            return new SlotDraft { Slot = slot, Action = others.IsEmpty ? SlotAction.Create : SlotAction.Replace, Host = kept.Host.Name, Old = others, Reason = "outdated" };
        }
        if (IsLeftBehind(kept))
        {
            // It runs, and its start does no more than let it into the traffic again.
            return new SlotDraft { Slot = slot, Action = SlotAction.Create, Host = kept.Host.Name, Old = others, Reason = "out of the traffic" };
        }
        if (kept.Replica.IsServing || (input.IsRepair && IsLeftToTheEngine(kept.Replica, service.Container.Restart)))
        {
            if (!kept.Replica.IsServing)
            {
                // Whatever else of the slot serves is no surplus until this one does.
                others = others.RemoveAll(r => r.Replica.IsServing);
            }

            // What a lost host had is there again when it returns, and nothing else looks at what is kept before the slot changes again.
            var beyond = input.IsRepair ? Retained(slot, _ => true).Skip(service.Deploy.Retain).ToImmutableArray() : [];
            return new SlotDraft
            {
                Slot = slot,
                Host = kept.Host.Name,
                Old = [.. others, .. beyond],
                Reason = others.IsEmpty ? beyond.IsEmpty ? "" : $"more is kept of it than retain {service.Deploy.Retain}"
                    : others.All(o => o.Replica.State == ReplicaState.Retained) ? "leftover of a failed update"
                    : "surplus replica",
            };
        }
        // A container that was never started, is starting or has exited is started again; one that runs and is unhealthy, or that the
        // engine keeps restarting, has to go first.
        var mustStop = kept.Replica.State is ReplicaState.Running or ReplicaState.Restarting;
        return new SlotDraft
        {
            Slot = slot,
            Action = SlotAction.Create,
            Host = kept.Host.Name,
            Old = mustStop ? [kept, .. others] : others,
            Reason = Condition(kept.Replica),
            IsAfterEnd = true,
        };
    }

    /// <summary>
    /// An earlier change has left the new replica beside the old one. In a blue-green it waits for the switch as if it were new, and the old one stays until then:
    /// where it is out of the traffic, which another set has, whichever that is; where both have traffic, when the old one is of what stands.
    /// </summary>
    private bool IsToSwitch((HostSnapshot Host, ReplicaSnapshot Replica) kept, ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> others)
    {
        if (service.Deploy.Strategy.Kind != StrategyKind.BlueGreen || input.IsRepair || input.IsRollback)
        {
            return false;
        }
        return IsOut(kept)
            ? live.Any(IsOldInTraffic)
            : input.StandsAt.TryGetValue(service.Name, out var standing) && others.Any(o => IsOldInTraffic(o) && o.Replica.Key.Revision == standing);
    }

    /// <summary>A change that is over has taken it out of the traffic and could not stop it.</summary>
    private bool IsLeftBehind((HostSnapshot Host, ReplicaSnapshot Replica) there) => input.IsRepair && there.Replica.IsServing && IsOut(there);

    private SlotDraft Outdated(int slot, ImmutableArray<(HostSnapshot Host, ReplicaSnapshot Replica)> there, string? pinnedHost)
    {
        if (there.IsEmpty)
        {
            var isNew = input.Current?.Services.ContainsKey(service.Name) != true;
            return new SlotDraft { Slot = slot, Action = SlotAction.Create, Host = pinnedHost ?? UnderWay(slot) ?? KeptOn(slot), MustFit = pinnedHost is not null, Reason = isNew ? "new" : LossOf(slot) ?? "missing" };
        }
        var stay = there
            .Where(r => r.Host.IsSchedulable && PlacementFilter.ConstraintRefusal(r.Host, service, revision) is null)
            .OrderByDescending(r => r.Replica.IsServing)
            .ThenByDescending(r => r.Replica.Created)
            .ThenBy(r => r.Host.Name, StringComparer.Ordinal)
            .Select(r => r.Host.Name)
            .FirstOrDefault();
        return new SlotDraft
        {
            Slot = slot,
            Action = SlotAction.Replace,
            Host = pinnedHost ?? UnderWay(slot) ?? (input.IsRollback ? KeptOn(slot) : null) ?? stay,
            MustFit = pinnedHost is not null,
            Old = there,
            Reason = there.Any(r => r.Replica.Key.Revision == revision.Id && HasDrifted(r.Replica)) ? "its configuration is not that of its revision: somebody has replaced it"
                : there.All(r => r.Replica.Key.Revision == revision.Id) ? "placement changed"
                : "outdated",
        };
    }

    /// <summary>Where it is being brought already, unless it cannot go there any more.</summary>
    private string? UnderWay(int slot) =>
        input.UnderWay.TryGetValue((service.Name, slot), out var name) && input.Fleet.Hosts.GetValueOrDefault(name) is { } host && PlacementFilter.Refusal(host, service, revision) is null ? name : null;

    /// <summary>Where a stopped replica of the very revision is kept, which has only to be started; null where none is, or may not run any more.</summary>
    private string? KeptOn(int slot) =>
        Retained(slot, r => r.Replica.Key.Revision == revision.Id && !HasDrifted(r.Replica) && PlacementFilter.Refusal(r.Host, service, revision) is null).Select(r => r.Host.Name).FirstOrDefault();

    /// <summary>It says that it is of a revision, and was made from something else: not by us.</summary>
    private bool HasDrifted(ReplicaSnapshot replica) =>
        replica.Key.Revision == revision.Id && replica.ConfigHash.Length > 0 && revision.ConfigHash.Length > 0 && replica.ConfigHash != revision.ConfigHash;

    /// <summary>For people: what has become of the host that had the slot's replica; null where none is known to have had it.</summary>
    private string? LossOf(int slot) => lost.Where(r => r.Replica.Key.Slot == slot).Select(r => r.Host).FirstOrDefault() switch
    {
        null => null,
        { State: HostState.Down } host => $"host {host.Name} is down{(host.LastSeen is { } seen ? $" since {seen.UtcDateTime:HH:mm:ss} UTC" : "")}",
        var host => $"ended on host {host.Name}, whose engine does not answer",
    };

    /// <summary>It has ended where nothing can be started: another host takes its slot, and when the engine is back what lies there is surplus.</summary>
    private bool IsStranded(HostSnapshot host, ReplicaSnapshot replica) =>
        host is { State: HostState.Ready, IsSchedulable: false }
        && replica.State is ReplicaState.Exited or ReplicaState.Created
        && !(input.IsRepair && IsLeftToTheEngine(replica, service.Container.Restart));

    /// <summary>
    /// The engine restarts by its policy, and stays with what that policy ends. But one that was to be restarted and lies there exited was stopped
    /// by hand, or was not started again after the engine's own crash (Docker 20.10 forgets those that it stopped on its way up). No engine
    /// restarts what runs and is unhealthy.
    /// </summary>
    private static bool IsLeftToTheEngine(ReplicaSnapshot replica, RestartSpec restart) => replica.State switch
    {
        ReplicaState.Exited => restart.Condition == RestartCondition.None
            || (restart.Condition == RestartCondition.OnFailure && replica.ExitCode is 0 or null)
            || (restart.MaxAttempts > 0 && restart.Window == TimeSpan.Zero && replica.RestartCount >= restart.MaxAttempts),
        ReplicaState.Restarting => true,
        ReplicaState.Running => replica.Health != ReplicaHealth.Unhealthy,
        ReplicaState.Created or ReplicaState.Starting or ReplicaState.Retained => false,
    };

    private bool IsWorthKeeping(ReplicaSnapshot replica) =>
        replica.State == ReplicaState.Retained
        && (replica.Key.Revision == revision.Id || IsGood(replica.Key.Revision));

    private static string Condition(ReplicaSnapshot replica) => replica.State switch
    {
        ReplicaState.Exited => $"exited with code {replica.ExitCode}",
        ReplicaState.Restarting => "restarting over and over",
        ReplicaState.Running => "unhealthy",
        ReplicaState.Created or ReplicaState.Starting => "not finished starting",
        ReplicaState.Retained => "stopped",
    };

    private List<(int Slot, string? Host)> ReplicatedSlots()
    {
        var numbers = live.Select(r => r.Replica.Key.Slot).Distinct().Order().ToList();
        while (numbers.Count > service.Deploy.Replicas)
        {
            var perHost = numbers.SelectMany(n => At(n).Take(1)).GroupBy(r => r.Host.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
            numbers.Remove(numbers
                .OrderBy(n => At(n).Any(r => PlacementFilter.ConstraintRefusal(r.Host, service, revision) is null))
                .ThenBy(n => At(n).Any(r => r.Replica.IsServing))
                .ThenByDescending(n => perHost[At(n)[0].Host.Name])
                .ThenByDescending(n => n)
                .First());
        }
        for (var next = 1; numbers.Count < service.Deploy.Replicas; next++)
        {
            if (!numbers.Contains(next))
            {
                numbers.Add(next);
            }
        }
        return [.. numbers.Order().Select(n => (n, (string?)null))];
    }

    /// <summary>A number belongs to one host, one that is down included: it comes back with its containers. Where two have the same all the same, the second gets another.</summary>
    private List<(int Slot, string? Host)> GlobalSlots()
    {
        var slotsOfHosts = new List<(int Slot, string? Host)>();
        var withoutSlot = new List<string>();
        var given = new HashSet<int>();

        // What can get no other number keeps its own.
        foreach (var host in input.Fleet.Hosts.Values.Where(h => h.State != HostState.Down && PlacementFilter.ConstraintRefusal(h, service, revision) is null).OrderBy(h => h.IsSchedulable))
        {
            if (live.Where(r => r.Host.Name == host.Name).Select(r => r.Replica.Key.Slot).Order().Cast<int?>().FirstOrDefault(s => !given.Contains(s!.Value)) is { } own)
            {
                given.Add(own);
                slotsOfHosts.Add((own, host.Name));
            }
            else if (host.IsSchedulable)
            {
                withoutSlot.Add(host.Name);
            }
        }
        var used = live.Concat(lost).Select(r => r.Replica.Key.Slot).ToHashSet();
        var next = 1;
        foreach (var host in withoutSlot)
        {
            while (!used.Add(next))
            {
                next++;
            }
            slotsOfHosts.Add((next, host));
        }
        return [.. slotsOfHosts.OrderBy(s => s.Slot)];
    }
}
