using System.Collections.Immutable;

namespace Orchestrator.Engine;

public sealed record EngineVersion(string Version, string ApiVersion, string MinApiVersion, string Os, string Architecture, string KernelVersion, string Product);

public sealed record EngineInfo(string Id, string Name, int Cpus, long MemoryBytes, string Os, string Architecture, IReadOnlyDictionary<string, string> Labels, string ServerVersion, string CgroupVersion);

/// <summary><c>label</c> → [<c>k=v</c>] and the like; sent as the API's JSON.</summary>
/// <remarks>The API's <c>name</c> filter matches parts of names. In the list calls of <see cref="IEngine"/> it means the whole name.</remarks>
public sealed record EngineFilters(ImmutableSortedDictionary<string, ImmutableArray<string>> Values)
{
    public static EngineFilters None { get; } = new(ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty);

    public static EngineFilters Label(params string[] labels) => None.With("label", labels);

    public EngineFilters With(string key, params string[] values) => new(Values.SetItem(key, [.. values]));
}

/// <param name="Type"><c>container</c>, <c>image</c>, <c>network</c>, …</param>
/// <param name="Action"><c>start</c>, <c>die</c>, <c>oom</c>, <c>destroy</c>, <c>health_status: healthy</c>, …</param>
/// <param name="Id">The actor's id.</param>
/// <param name="Attributes">Labels, <c>name</c>, <c>exitCode</c>.</param>
/// <param name="At">The engine's clock.</param>
public sealed record EngineEvent(string Type, string Action, string Id, IReadOnlyDictionary<string, string> Attributes, DateTimeOffset At)
{
    private const string StreamType = "stream";

    /// <summary>The first element of every <see cref="IEngine.EventsAsync"/>: what happens after it is not missed, so a list made now and the events after it leave no gap.</summary>
    public bool IsStreamOpen => Type == StreamType;

    public static EngineEvent StreamOpen(DateTimeOffset at) => new(StreamType, "open", "", ImmutableDictionary<string, string>.Empty, at);
}

public sealed record CreateNetwork
{
    public required string Name { get; init; }

    public string Driver { get; init; } = "bridge";

    public IReadOnlyDictionary<string, string> Options { get; init; } = ImmutableDictionary<string, string>.Empty;

    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool EnableIpv6 { get; init; }

    public string? Subnet { get; init; }

    public string? IpRange { get; init; }

    public string? Gateway { get; init; }
}

public sealed record NetworkDetails(string Id, string Name, string Driver, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Options, string? Subnet, string? Gateway, bool Internal, IReadOnlyList<string> Containers)
{
    /// <summary>What the engine itself hands out of <see cref="Subnet"/>, in CIDR; null: all of it.</summary>
    public string? IpRange { get; init; }

    /// <summary>IPv4 addresses of <see cref="Containers"/>, by their ids; empty in lists.</summary>
    public IReadOnlyDictionary<string, string> Addresses { get; init; } = ImmutableDictionary<string, string>.Empty;
}

public sealed record CreateVolume
{
    public required string Name { get; init; }

    public string Driver { get; init; } = "local";

    public IReadOnlyDictionary<string, string> Options { get; init; } = ImmutableDictionary<string, string>.Empty;

    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;
}

public sealed record VolumeDetails(string Name, string Driver, string Mountpoint, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Options);
