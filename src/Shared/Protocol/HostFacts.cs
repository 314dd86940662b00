using System.Collections.Immutable;

namespace Orchestrator.Protocol;

/// <summary>What an agent says of its host on connect.</summary>
public sealed record HostFacts
{
    public required string Name { get; init; }

    /// <summary>The engine's own id.</summary>
    public string EngineId { get; init; } = "";

    public string EngineVersion { get; init; } = "";

    /// <summary><c>linux</c>.</summary>
    public string Os { get; init; } = "linux";

    /// <summary>The engine's word: <c>x86_64</c>, <c>aarch64</c>.</summary>
    public string Architecture { get; init; } = "";

    public int Cpus { get; init; }

    public long MemoryBytes { get; init; }

    /// <summary>From <c>orchestrator-agent join --label k=v</c>.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, string> EngineLabels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public string AgentVersion { get; init; } = "";

    /// <summary>Where the other hosts reach this one, for the overlay: <c>--advertise-address</c>, else the address the agent's link goes out from. Null when embedded.</summary>
    public string? Address { get; init; }

    /// <summary>The agent knows <see cref="AgentCommand.Preflight"/>; an older one would end the link over it.</summary>
    public bool TakesPreflight { get; init; }

    /// <summary>The agent knows <see cref="AgentCommand.ChangeTraffic"/>.</summary>
    public bool TakesTableChanges { get; init; }

    /// <summary>Something on the host reads the tables of all stacks, whether or not they have to do with it: templates. True of an agent that does not say.</summary>
    public bool ShowsEveryTable { get; init; } = true;

    /// <summary>Null when the engine answers; else why not, for people.</summary>
    public string? EngineError { get; init; }

    /// <summary>Equal by content.</summary>
    public bool IsSame(HostFacts? other) =>
        other is not null
        && this with { Labels = other.Labels, EngineLabels = other.EngineLabels } == other
        && Labels.SequenceEqual(other.Labels)
        && EngineLabels.SequenceEqual(other.EngineLabels);
}
