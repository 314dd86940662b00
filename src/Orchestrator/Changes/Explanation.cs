using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>From a stack's record, the fleet and the events to why it is so. Pure.</summary>
internal sealed class Explanation(StackState state, FleetSnapshot fleet, ImmutableArray<StackEvent> events, bool isRepaired, DateTimeOffset now)
{
    /// <summary>What people read at once.</summary>
    private const int EventsShown = 20;

    /// <summary>Of one replica: why it is there, and the latest of what became of it. A repair or a change has five or six steps; one that is tried over and over has more.</summary>
    private const int WhyMax = 8;

    private readonly string stack = state.Head.Stack;
    private readonly StackRevision? current = state.Revisions.FirstOrDefault(r => r.Number == state.Head.Current);

    /// <param name="service">Null: all.</param>
    public ExplanationView View(string? service)
    {
        var services = current?.Spec.Services.Where(s => service is null || s.Name == service).Select(Of).ToImmutableArray() ?? [];
        var reasons = Reasons(services).ToImmutableArray();
        return new ExplanationView
        {
            Stack = stack,
            Revision = current?.Number,
            State = current is null ? "empty" : CoordinatorViews.Of(state, fleet, now).State,
            Reasons = reasons,
            Next = [.. Next(services)],
            Services = services,
            Events = [.. events.Where(e => service is null || e.Service is null || e.Service == service).TakeLast(EventsShown)],
        };
    }

    private bool IsPaused => state.Active is not null && current?.State == RevisionState.Paused;

    private ServiceExplanation Of(ServiceSpec service)
    {
        var revision = current!.Services[service.Name];
        var there = fleet.Hosts.Values.SelectMany(h => h.Replicas.Values, (h, r) => (Host: h, Replica: r))
            .Where(r => r.Replica.Key.Stack == stack && r.Replica.Key.Service == service.Name && r.Replica.State != ReplicaState.Retained)
            .OrderBy(r => r.Replica.Key.Slot).ThenBy(r => r.Host.Name, StringComparer.Ordinal)
            .ToList();
        var serving = ServiceServing.Of(state, current, service, fleet);
        var desired = serving.Desired;
        var numbers = there.Select(r => r.Replica.Key.Slot).ToHashSet();
        var missing = service.Deploy.Mode == ServiceMode.Global ? [] : Enumerable.Range(1, desired).Where(n => !numbers.Contains(n)).Take(Math.Max(0, desired - numbers.Count));
        return new ServiceExplanation
        {
            Service = service.Name,
            Wanted = $"{(service.Deploy.Mode == ServiceMode.Global ? "one replica on each host" : desired == 1 ? "1 replica" : $"{desired} replicas")} of {service.Container.Image} ({revision.Id[..Math.Min(revision.Id.Length, ReplicaKey.ShortRevisionLength)]})",
            Serving = serving.Serving,
            ServingOld = serving.OfOthers,
            Withheld = serving.Withheld.Count,
            Desired = desired,
            Replicas =
            [
                .. there.Select(r => new ReplicaExplanation(
                    r.Replica.Key.Slot,
                    r.Host.Name,
                    r.Host.State == HostState.Down ? "lost" : r.Replica.State.ToString().ToLowerInvariant(),
                    r.Replica.Health.ToString().ToLowerInvariant(),
                    [.. Why(service.Name, r.Replica.Key.Slot, e => TellsOf(e, r, there, revision)), .. Now(r.Host, r.Replica, revision, serving)],
                    r.Replica.HealthOutput ?? ProbeOf(service.Name, r.Replica))),
                .. missing.Select(slot => new ReplicaExplanation(slot, null, "missing", "none", [.. Why(service.Name, slot, _ => true), .. Missing(service, revision, slot)], null)),
            ],
        };
    }

    /// <summary>What the coordinator has decided and seen, from the newest repair or change on that did something there.</summary>
    private IEnumerable<string> Why(string service, int slot, Func<StackEvent, bool> tellsOf)
    {
        var own = events.Where(e => e.Service == service && (e.Slot == slot || (e.Slot is null && IsBeginning(e))) && tellsOf(e)).ToList();

        // A change of the service that has not come to this slot is not why it is as it is.
        own = own[..(own.FindLastIndex(e => e.Slot is not null) + 1)];
        var began = Math.Max(0, own.FindLastIndex(IsBeginning));
        if (began > 0 && own[began] is { Kind: StackEventKind.Planned, Slot: not null } && own[began - 1] is { Slot: null })
        {
            began--;
        }
        return own.Count - began <= WhyMax
            ? own.Skip(began).Select(Line)
            : own.Skip(began).Take(1).Concat(own.TakeLast(WhyMax - 1)).Select(Line);
    }

    private static bool IsBeginning(StackEvent happened) => happened.Kind is StackEventKind.RepairBegan or StackEventKind.Planned or StackEventKind.RollbackBegan;

    /// <summary>Each event tells of one container of the slot at most: where its host and revision, as far as it has them, leave several, of the wanted revision's, then of the newest.</summary>
    private static bool TellsOf(StackEvent happened, (HostSnapshot Host, ReplicaSnapshot Replica) container, IEnumerable<(HostSnapshot Host, ReplicaSnapshot Replica)> there, ServiceRevision wanted) => there
        .Where(r => r.Replica.Key.Slot == container.Replica.Key.Slot
            && (happened.Host is null || happened.Host == r.Host.Name)
            && (happened.Revision is null || happened.Revision == r.Replica.Key.ShortRevision))
        .OrderByDescending(r => r.Replica.Key.Revision == wanted.Id)
        .ThenByDescending(r => r.Replica.Created)
        .FirstOrDefault() == container;

    private IEnumerable<string> Now(HostSnapshot host, ReplicaSnapshot replica, ServiceRevision revision, ServiceServing serving)
    {
        if (serving.Withheld.Contains((host.Name, replica.ContainerName)))
        {
            yield return "it is ready, and out of the traffic until the switch";
        }
        if (host.State is HostState.Down or HostState.Disconnected)
        {
            yield return $"host {host.Name} is {host.State.ToString().ToLowerInvariant()}{(host.LastSeen is { } seen ? $" since {Time(seen)}" : "")}";
        }
        if (replica.Key.Revision != revision.Id)
        {
            yield return $"it is of another revision ({replica.Key.ShortRevision}) than the one that is wanted";
        }
        if (state.CrashLoops.GetValueOrDefault((replica.Key.Service, replica.Key.Slot)) is { } loop)
        {
            yield return loop.Text(now) + (loop.Reason is null ? "" : $"; {loop.Reason}");
        }
        else if (replica.State == ReplicaState.Exited)
        {
            yield return $"it has exited with code {replica.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "unknown"}{(replica.OomKilled ? ", killed for using more memory than its limit" : "")}";
        }
        if (replica is { State: ReplicaState.Running, Health: ReplicaHealth.Unhealthy })
        {
            yield return "its healthcheck fails";
        }
    }

    private IEnumerable<string> Missing(ServiceSpec service, ServiceRevision revision, int slot)
    {
        if (state.Active is not null)
        {
            yield return "it is missing, and nothing is repaired before the change that is under way, held or paused has ended";
        }
        if (state.CrashLoops.GetValueOrDefault((service.Name, slot)) is { } loop)
        {
            yield return loop.Text(now) + (loop.Reason is null ? "" : $"; {loop.Reason}");
        }
        foreach (var refusal in state.Refusals.Where(r => r.StartsWith($"service {service.Name}:", StringComparison.Ordinal)))
        {
            yield return $"it cannot be placed: {refusal}";
        }
        var refusals = fleet.Hosts.Values.Select(h => (h.Name, Text: PlacementFilter.Refusal(h, service, revision))).ToList();
        if (refusals.All(r => r.Text is not null))
        {
            yield return $"no host can take it: {string.Join("; ", refusals.Select(r => $"{r.Name}: {r.Text}"))}";
        }
    }

    private string? ProbeOf(string service, ReplicaSnapshot replica) => replica.IsServing
        ? null
        : events.LastOrDefault(e => e.Service == service && e.Slot == replica.Key.Slot && e.Report?.ProbeOutput is not null)?.Report!.ProbeOutput;

    private IEnumerable<string> Reasons(ImmutableArray<ServiceExplanation> services)
    {
        if (current is null)
        {
            yield return events.LastOrDefault(e => e.Kind == StackEventKind.ChangeEnded) is { } last ? $"it runs nothing: {last.Message}" : "its first deploy has not begun";
            yield break;
        }
        if (state.Active is { } change)
        {
            var kind = change.Kind.ToString().ToLowerInvariant();
            var began = $"a {kind} by {change.By ?? "somebody at the coordinator's machine"} to revision {change.Plan.TargetRevision} began at {Time(change.Started)}";
            yield return IsPaused ? $"{began} and is paused: {state.Detail ?? current.Detail ?? "no reason is known"}" : $"{began} and is under way";
            foreach (var setback in change.Setbacks())
            {
                yield return setback;
            }
        }
        else if (current.State != RevisionState.Good)
        {
            yield return $"revision {current.Number} is {current.State.ToString().ToLowerInvariant()}{(current.Detail is null ? "" : $": {current.Detail}")}; only what is lost of what stands is brought back by itself, nothing is replaced";
        }
        foreach (var service in services)
        {
            if (ServiceServing.Of(state, current, current.Service(service.Service), fleet).Fault() is not { } fault)
            {
                continue;
            }
            // One whose slot is served by nothing else comes first.
            var worst = service.Replicas.Where(r => !IsUp(r)).MinBy(r => service.Replicas.Any(o => o.Slot == r.Slot && IsUp(o)));
            yield return $"{fault}{(worst?.Why is [.., var last] ? $": {service.Service}.{worst.Slot}: {last}" : "")}";
        }
        foreach (var host in fleet.Hosts.Values.Where(h => h is { State: HostState.Ready, Facts.EngineError: not null } && h.Stacks.Contains(stack)))
        {
            yield return $"the engine of host {host.Name} does not answer ({host.Facts!.EngineError}): how its replicas are is not known";
        }
        foreach (var host in fleet.Hosts.Values.Where(h => h.State is HostState.Down or HostState.Disconnected))
        {
            yield return $"host {host.Name} is {host.State.ToString().ToLowerInvariant()}{(host.LastSeen is { } seen ? $" since {Time(seen)}" : "")}";
        }
        foreach (var service in state.Head.InMaintenance.Where(current.Services.ContainsKey))
        {
            yield return $"{service} is in maintenance: its page is answered, not its replicas";
        }
    }

    private static bool IsUp(ReplicaExplanation replica) => replica is { State: "running", Health: not ("unhealthy" or "starting") };

    private IEnumerable<string> Next(ImmutableArray<ServiceExplanation> services)
    {
        if (current is null)
        {
            yield return "mend the cause and deploy again";
            yield break;
        }
        if (IsPaused)
        {
            yield return $"orchestrator resume {stack}    # the cause is gone";
            yield return $"orchestrator rollback {stack}    # back to the last good revision";
            yield return $"orchestrator abort {stack}    # leave it as it stands";
            yield break;
        }
        if (state.Active is not null)
        {
            yield return $"orchestrator watch {stack}";
            yield break;
        }
        if (current.State != RevisionState.Good)
        {
            yield return "mend the cause and deploy again";
            yield return $"orchestrator rollback {stack}";
        }
        var lacking = services.Where(s => s.Serving < s.Desired).ToList();
        foreach (var service in lacking)
        {
            yield return $"orchestrator logs {stack} {service.Service}";
        }
        if (state.CrashLoops.Any(l => l.Value.IsSpent && services.Any(s => s.Service == l.Key.Service)))
        {
            yield return "deploy a mended revision, or the same with --force-recreate: max_attempts counts anew with it";
        }
        if (lacking.Count > 0 && !isRepaired)
        {
            yield return "deploy the same file again: no coordinator watches over the local engine, a deploy brings back what is missing";
        }
        if (fleet.Hosts.Values.Any(h => h.State is HostState.Down or HostState.Disconnected))
        {
            yield return "orchestrator hosts ls";
        }
        foreach (var service in state.Head.InMaintenance.Where(current.Services.ContainsKey))
        {
            yield return $"orchestrator maintenance off {stack}/{service}";
        }
    }

    private static string Line(StackEvent happened) => $"{Time(happened.At)} {happened.Message}";

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
