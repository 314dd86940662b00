using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Protocol;

/// <summary>All an agent needs to make one replica; self-contained, so that a command can be repeated without asking back.</summary>
public sealed record ReplicaSpec
{
    /// <summary>With <see cref="ContainerSpec.Image"/> pinned: <c>repo:tag@sha256:…</c>, or an image id for an image that was built locally.</summary>
    public required ContainerSpec Container { get; init; }

    public required string ConfigHash { get; init; }

    /// <summary>False: the image must be on the host already (built locally, or pull_policy never).</summary>
    public bool MayPull { get; init; } = true;

    /// <summary>The definitions of the networks the container joins, in the order of <see cref="ContainerSpec.Networks"/>, keyed as in the file.</summary>
    public ImmutableSortedDictionary<string, NetworkSpec> Networks { get; init; } = ImmutableSortedDictionary<string, NetworkSpec>.Empty;

    /// <summary>On a fleet: this host's part of each network that spans hosts, keyed as in the file. A network without one is the engine's own.</summary>
    public ImmutableSortedDictionary<string, OverlaySlice> Overlays { get; init; } = ImmutableSortedDictionary<string, OverlaySlice>.Empty;

    public ImmutableSortedDictionary<string, VolumeSpec> Volumes { get; init; } = ImmutableSortedDictionary<string, VolumeSpec>.Empty;

    /// <summary>Passed from start on without exit or unhealthy. 0 passes as soon as the replica is ready.</summary>
    public TimeSpan Monitor { get; init; }

    /// <summary>The longest from the command's receipt to the passed gate, pull included.</summary>
    public TimeSpan ProgressDeadline { get; init; } = TimeSpan.FromMinutes(10);
}
