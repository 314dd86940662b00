using System.Collections.Immutable;

namespace Orchestrator.Stacks;

/// <summary>What a stack file asks for, after interpolation, with short forms expanded and defaults filled in.</summary>
/// <remarks>Collections are never default; dictionaries are sorted ordinally so that equal specs serialise to equal bytes.</remarks>
public sealed record StackSpec
{
    /// <summary>Matches <c>[a-z0-9][a-z0-9_-]*</c>.</summary>
    public required string Name { get; init; }

    /// <summary>In the order of the file.</summary>
    public ImmutableArray<ServiceSpec> Services { get; init; } = [];

    public ImmutableSortedDictionary<string, NetworkSpec> Networks { get; init; } = ImmutableSortedDictionary<string, NetworkSpec>.Empty;

    public ImmutableSortedDictionary<string, VolumeSpec> Volumes { get; init; } = ImmutableSortedDictionary<string, VolumeSpec>.Empty;

    /// <summary>By <see cref="CertificateSpec.Id"/>: those that routes name.</summary>
    public ImmutableSortedDictionary<string, CertificateSpec> Certificates { get; init; } = ImmutableSortedDictionary<string, CertificateSpec>.Empty;

    /// <summary><c>x-orchestrator.atomic</c>: when one service of a deploy fails, every service that it has altered goes back.</summary>
    public bool IsAtomic { get; init; }
}

public sealed record NetworkSpec
{
    /// <summary>The name on the engine: <c>name:</c>, else <c>&lt;stack&gt;_&lt;key&gt;</c>, or the key when external.</summary>
    public required string EngineName { get; init; }

    public bool External { get; init; }

    /// <summary>Default <c>bridge</c>.</summary>
    public string Driver { get; init; } = "bridge";

    public ImmutableSortedDictionary<string, string> DriverOptions { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public bool Internal { get; init; }

    public bool Attachable { get; init; }

    public bool EnableIpv6 { get; init; }

    /// <summary>CIDR, or null for the engine's choice.</summary>
    public string? Subnet { get; init; }

    public string? Gateway { get; init; }
}

public sealed record VolumeSpec
{
    public required string EngineName { get; init; }

    public bool External { get; init; }

    /// <summary>Default <c>local</c>.</summary>
    public string Driver { get; init; } = "local";

    public ImmutableSortedDictionary<string, string> DriverOptions { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
