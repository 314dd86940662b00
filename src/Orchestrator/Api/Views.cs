using System.Collections.Immutable;

namespace Orchestrator.Api;

/// <summary>A line of <c>ps</c>; the names are those of <c>ps --json</c>.</summary>
/// <param name="State">Lower case: created, starting, running, restarting, exited, retained; or lost when its host does not answer.</param>
/// <param name="Health">healthy, unhealthy, starting, none.</param>
/// <param name="Container">The container's name.</param>
public sealed record ReplicaView(
    string Stack,
    string Service,
    int Slot,
    string Revision,
    string Host,
    string Image,
    string State,
    string Health,
    string Container,
    string ContainerId,
    DateTimeOffset Created,
    int RestartCount,
    ImmutableArray<string> Ports)
{
    /// <summary>The service's traffic is answered with the maintenance page.</summary>
    public bool InMaintenance { get; init; }
}

/// <param name="State">stable, updating, paused, degraded.</param>
public sealed record StackView(string Stack, int Revision, string State, int Services, int ReplicasServing, int ReplicasDesired, string? Detail)
{
    /// <summary>Services whose traffic is answered with the maintenance page.</summary>
    /// <remarks>Generated deserialization sets what an older coordinator does not send to the default and passes over initializers.</remarks>
    public ImmutableArray<string> InMaintenance { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="State">current, good, failed, superseded, aborted, running, paused.</param>
/// <param name="Services">Service → revision and image.</param>
public sealed record RevisionView(int Revision, DateTimeOffset Created, string State, ImmutableSortedDictionary<string, RevisionServiceView> Services, string? Detail);

public sealed record RevisionServiceView(string Revision, string Image, int Replicas);

/// <param name="State">ready, disconnected, down.</param>
public sealed record HostView(string Name, string State, string EngineVersion, string Os, string Architecture, int Cpus, long MemoryBytes, int Replicas, ImmutableSortedDictionary<string, string> Labels, string AgentVersion, string? Detail, DateTimeOffset? LastSeen);

/// <param name="Mode">embedded or fleet.</param>
/// <param name="Address">The engine's address when embedded, the coordinator's on a fleet.</param>
public sealed record CoordinatorVersion(string Version, string Mode, string Address);

public sealed record LogsQuery
{
    public required string Stack { get; init; }

    /// <summary>Empty = all.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    public bool Follow { get; init; }

    public int? Tail { get; init; }

    public DateTimeOffset? Since { get; init; }

    public bool Timestamps { get; init; }
}

/// <param name="Replica"><c>web.2</c>.</param>
/// <param name="IsError">From the container's stderr, or a note of ours when <paramref name="Replica"/> is empty.</param>
public sealed record LogView(string Service, string Replica, string Host, bool IsError, string Text);
