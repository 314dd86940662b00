using System.Collections.Immutable;

namespace Orchestrator.Protocol;

public enum ReplicaState
{
    /// <summary>The container exists and was never started.</summary>
    Created,

    /// <summary>Runs, and has not passed its gate.</summary>
    Starting,

    /// <summary>Runs, and has passed its gate.</summary>
    Running,

    /// <summary>The engine is about to start it again.</summary>
    Restarting,

    /// <summary>Stopped by itself.</summary>
    Exited,

    /// <summary>Stopped by us and kept for rollback.</summary>
    Retained,
}

public enum ReplicaHealth
{
    /// <summary>The container has no healthcheck.</summary>
    None,
    Starting,
    Healthy,
    Unhealthy,
}

/// <summary>One container of ours as its host sees it now.</summary>
public sealed record ReplicaSnapshot
{
    public required ReplicaKey Key { get; init; }

    public required string ContainerId { get; init; }

    public required string ContainerName { get; init; }

    /// <summary>The reference the container was created from.</summary>
    public string Image { get; init; } = "";

    public string ConfigHash { get; init; } = "";

    public required ReplicaState State { get; init; }

    public ReplicaHealth Health { get; init; }

    /// <summary>Of its last end, while it lies there or waits for the engine to start it again.</summary>
    public int? ExitCode { get; init; }

    /// <summary>What its healthcheck printed last, of one that runs and is unhealthy; at most some hundred characters.</summary>
    public string? HealthOutput { get; init; }

    public bool OomKilled { get; init; }

    public int RestartCount { get; init; }

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Published ports as <c>0.0.0.0:8080->80/tcp</c>.</summary>
    public ImmutableArray<string> Ports { get; init; } = [];

    /// <summary>Processors set aside for it by its <c>resources.reservations</c>; 0 where it has none, or was created by a release that did not say.</summary>
    public decimal ReservedCpus { get; init; }

    /// <summary>Likewise.</summary>
    public long ReservedMemoryBytes { get; init; }

    /// <summary>By the engine name of a network; empty while it does not run, and for <c>network_mode: host</c>.</summary>
    public ImmutableSortedDictionary<string, string> Addresses { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Equal by content.</summary>
    public bool IsSame(ReplicaSnapshot? other) =>
        other is not null
        && this with { Ports = other.Ports, Addresses = other.Addresses } == other
        && Ports.SequenceEqual(other.Ports, StringComparer.Ordinal)
        && Addresses.SequenceEqual(other.Addresses);

    /// <summary>Serves: running with its gate passed, and not unhealthy.</summary>
    public bool IsServing => State == ReplicaState.Running && Health is (ReplicaHealth.None or ReplicaHealth.Healthy);
}
