using System.Collections.Immutable;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Api;

/// <summary>What people and scripts are shown of the coordinator's records.</summary>
internal static class CoordinatorViews
{
    public const string Embedded = "embedded";

    public const string Fleet = "fleet";

    /// <param name="names">Service and its revision → the image as its file names it: an image that was built locally is pinned by its id, which tells people nothing.</param>
    public static ReplicaView Of(HostSnapshot host, ReplicaSnapshot replica, IReadOnlyDictionary<(string Service, string Revision), string> names) => new(
        replica.Key.Stack,
        replica.Key.Service,
        replica.Key.Slot,
        replica.Key.ShortRevision,
        host.Name,
        replica.Image.Contains('@', StringComparison.Ordinal) ? replica.Image : names.GetValueOrDefault((replica.Key.Service, replica.Key.Revision), replica.Image),
        host.State == HostState.Down ? "lost" : replica.State.ToString().ToLowerInvariant(),
        replica.Health.ToString().ToLowerInvariant(),
        replica.ContainerName,
        replica.ContainerId,
        replica.Created,
        replica.RestartCount,
        replica.Ports);

    /// <summary>Why it pauses or is not good, what is not served as it is wanted while nobody changes it, and what ends over and over.</summary>
    private static string? DetailOf(StackState stack, StackRevision current, ImmutableArray<ServiceServing> services, DateTimeOffset now)
    {
        var loops = stack.CrashLoops.OrderBy(l => l.Key.Service, StringComparer.Ordinal).ThenBy(l => l.Key.Slot).Select(l => $"{l.Key.Service}.{l.Key.Slot}: {l.Value.Text(now)}");
        var faults = stack.Active is null ? services.Select(s => s.Fault()) : [];
        var detail = string.Join("; ", new[] { stack.Detail ?? current.Detail }.Concat(faults).Concat(loops).Where(d => !string.IsNullOrEmpty(d)));
        return detail.Length == 0 ? null : detail;
    }

    public static StackView Of(StackState stack, FleetSnapshot fleet, DateTimeOffset now)
    {
        var current = stack.Revisions.First(r => r.Number == stack.Head.Current);
        var services = ServiceServing.OfAll(stack, current, fleet);
        var state = stack switch
        {
            { Active: not null } when current.State == RevisionState.Paused => "paused",
            { Active.Held.IsEmpty: false } => "held",
            { Active: { Kind: ChangeKind.Repair } } => "repairing",
            { Active: not null } => "updating",
            { Repairing.IsEmpty: false } => "repairing",
            _ when services.Any(s => s.Serving < s.Desired) => "degraded",
            _ => current.State == RevisionState.Good ? "stable" : WordOf(current.State),
        };
        return new StackView(stack.Head.Stack, current.Number, state, services.Length, services.Sum(s => s.Serving), services.Sum(s => s.Desired), DetailOf(stack, current, services, now))
        {
            InMaintenance = [.. stack.Head.InMaintenance.Where(current.Services.ContainsKey)],
        };
    }

    public static RevisionView Of(StackRevision revision, StackState stack)
    {
        var isCurrent = revision.Number == stack.Head.Current;
        var state = isCurrent && revision.State == RevisionState.Good ? "current" : WordOf(revision.State);
        var services = revision.Services.ToImmutableSortedDictionary(
            s => s.Key,
            s => new RevisionServiceView(s.Value.Id[..ReplicaKey.ShortRevisionLength], ImageName(revision, s.Key), revision.Spec.Services.FirstOrDefault(x => x.Name == s.Key)?.Deploy.Replicas ?? 0),
            StringComparer.Ordinal);
        return new RevisionView(revision.Number, revision.Created, state, services, revision.Detail);
    }

    private static string WordOf(RevisionState state) => state switch
    {
        RevisionState.Running => "running",
        RevisionState.Paused => "paused",
        RevisionState.Good => "good",
        RevisionState.Failed => "failed",
        RevisionState.RolledBack => "rolled-back",
        RevisionState.Superseded => "superseded",
        RevisionState.Aborted => "aborted",
    };

    /// <summary>Every revision's images by the names people gave them.</summary>
    public static IReadOnlyDictionary<(string Service, string Revision), string> ImageNames(StackState stack)
    {
        var names = new Dictionary<(string, string), string>();
        foreach (var revision in stack.Revisions)
        {
            foreach (var (service, pinned) in revision.Services)
            {
                names.TryAdd((service, pinned.Id), ImageName(revision, service));
            }
        }
        return names;
    }

    private static string ImageName(StackRevision revision, string service)
    {
        var pinned = revision.Services[service].Image;
        return pinned.Contains('@', StringComparison.Ordinal) ? pinned : revision.Spec.Services.FirstOrDefault(s => s.Name == service)?.Container.Image ?? pinned;
    }

    public static HostView Of(HostSnapshot host) => new(
        host.Name,
        host.State.ToString().ToLowerInvariant(),
        host.Facts?.EngineVersion ?? "",
        host.Facts?.Os ?? "",
        host.Facts?.Architecture ?? "",
        host.Facts?.Cpus ?? 0,
        host.Facts?.MemoryBytes ?? 0,
        host.Replicas.Values.Count(r => r.State is ReplicaState.Running or ReplicaState.Starting),
        host.Facts?.Labels ?? ImmutableSortedDictionary<string, string>.Empty,
        host.Facts?.AgentVersion ?? "",
        host.Facts?.EngineError,
        host.LastSeen);
}
