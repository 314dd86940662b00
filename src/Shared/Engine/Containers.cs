using System.Collections.Immutable;

namespace Orchestrator.Engine;

/// <summary>What <c>POST /containers/create</c> takes, flattened. The client splits it over Config, HostConfig and NetworkingConfig, and makes up for what the engine's API version lacks.</summary>
public sealed record CreateContainer
{
    public required string Image { get; init; }

    public IReadOnlyList<string>? Command { get; init; }

    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary><c>K=V</c>; <c>K</c> alone unsets.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    public string? Hostname { get; init; }

    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    public bool Tty { get; init; }

    public bool OpenStdin { get; init; }

    public string? StopSignal { get; init; }

    public TimeSpan? StopTimeout { get; init; }

    public Healthcheck? Healthcheck { get; init; }

    /// <summary><c>80/tcp</c>.</summary>
    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    public IReadOnlyList<PortBinding> PortBindings { get; init; } = [];

    /// <summary><c>source:target[:options]</c>.</summary>
    public IReadOnlyList<string> Binds { get; init; } = [];

    public IReadOnlyList<Mount> Mounts { get; init; } = [];

    /// <summary>path → options.</summary>
    public IReadOnlyDictionary<string, string> Tmpfs { get; init; } = ImmutableDictionary<string, string>.Empty;

    public RestartPolicy RestartPolicy { get; init; } = RestartPolicy.No;

    public bool? Init { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public bool Privileged { get; init; }

    public IReadOnlyList<string> CapAdd { get; init; } = [];

    public IReadOnlyList<string> CapDrop { get; init; } = [];

    public IReadOnlyList<string> GroupAdd { get; init; } = [];

    public IReadOnlyList<string> SecurityOpt { get; init; } = [];

    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = ImmutableDictionary<string, string>.Empty;

    public IReadOnlyList<Ulimit> Ulimits { get; init; } = [];

    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    public IReadOnlyList<string> Dns { get; init; } = [];

    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    public string? LogDriver { get; init; }

    public IReadOnlyDictionary<string, string> LogOptions { get; init; } = ImmutableDictionary<string, string>.Empty;

    public long? MemoryBytes { get; init; }

    public long? MemoryReservationBytes { get; init; }

    /// <summary>Billionths of a processor.</summary>
    public long? NanoCpus { get; init; }

    public long? PidsLimit { get; init; }

    public long? ShmSizeBytes { get; init; }

    /// <summary>HostConfig.NetworkMode: <c>none</c>, <c>host</c>, <c>bridge</c>; null takes the first of <see cref="Networks"/>.</summary>
    public string? NetworkMode { get; init; }

    /// <summary>First = primary. The client connects the rest one by one on engines below API 1.44.</summary>
    public IReadOnlyList<NetworkEndpoint> Networks { get; init; } = [];
}

public sealed record NetworkEndpoint(string Network, EndpointSettings Settings);

public sealed record EndpointSettings
{
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public string? Ipv4Address { get; init; }

    public string? Ipv6Address { get; init; }
}

public sealed record Ulimit(string Name, long Soft, long Hard);

public sealed record Mount
{
    /// <summary><c>bind</c>, <c>volume</c>, <c>tmpfs</c>.</summary>
    public required string Type { get; init; }

    public string? Source { get; init; }

    public required string Target { get; init; }

    public bool ReadOnly { get; init; }

    public string? Propagation { get; init; }

    public bool NoCopy { get; init; }

    public long? TmpfsSizeBytes { get; init; }

    public int? TmpfsMode { get; init; }
}

/// <summary>Null or empty members inherit the image's.</summary>
public sealed record Healthcheck
{
    public IReadOnlyList<string> Test { get; init; } = [];

    public TimeSpan? Interval { get; init; }

    public TimeSpan? Timeout { get; init; }

    public TimeSpan? StartPeriod { get; init; }

    /// <summary>Honoured from API 1.44 on; older engines would silently zero it, so the client leaves it out there.</summary>
    public TimeSpan? StartInterval { get; init; }

    public int? Retries { get; init; }
}

/// <param name="ContainerPort">1 to 65535.</param>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c>, <c>sctp</c>.</param>
/// <param name="HostIp">Null = all addresses.</param>
/// <param name="HostPort">Null = a free one.</param>
public sealed record PortBinding(int ContainerPort, string Protocol, string? HostIp, int? HostPort);

/// <param name="Name"><c>no</c>, <c>on-failure</c>, <c>always</c>, <c>unless-stopped</c>.</param>
/// <param name="MaximumRetryCount">Only with on-failure; 0 = unlimited.</param>
public sealed record RestartPolicy(string Name, int MaximumRetryCount = 0)
{
    public static RestartPolicy No { get; } = new("no");
}

public sealed record ContainerSummary
{
    public required string Id { get; init; }

    /// <summary>Without the leading slash.</summary>
    public required string Name { get; init; }

    public required string Image { get; init; }

    public string ImageId { get; init; } = "";

    /// <summary><c>created</c>, <c>running</c>, <c>paused</c>, <c>restarting</c>, <c>removing</c>, <c>exited</c>, <c>dead</c>.</summary>
    public required string State { get; init; }

    /// <summary>For people: <c>Up 3 seconds (healthy)</c>.</summary>
    public string Status { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    public DateTimeOffset Created { get; init; }

    public IReadOnlyList<PortBinding> Ports { get; init; } = [];

    /// <summary>What it listens on are ports of the host, and none of <see cref="Ports"/>.</summary>
    public bool UsesHostNetwork { get; init; }

    /// <summary>Network name → the IPv4 address it was created with, also while it does not run, else the one it has now; empty for neither.</summary>
    public IReadOnlyDictionary<string, string> Addresses { get; init; } = ImmutableDictionary<string, string>.Empty;
}

public sealed record ContainerDetails
{
    public required string Id { get; init; }

    /// <summary>Without the leading slash.</summary>
    public required string Name { get; init; }

    /// <summary>The image's id.</summary>
    public string ImageId { get; init; } = "";

    /// <summary>The reference it was created from.</summary>
    public string Image { get; init; } = "";

    public required string Status { get; init; }

    public bool Running { get; init; }

    public bool OomKilled { get; init; }

    public int ExitCode { get; init; }

    public string Error { get; init; } = "";

    public DateTimeOffset Created { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int RestartCount { get; init; }

    public bool Tty { get; init; }

    public RestartPolicy RestartPolicy { get; init; } = RestartPolicy.No;

    public IReadOnlyDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The effective healthcheck, image's included; null when there is none or it is disabled.</summary>
    public Healthcheck? Healthcheck { get; init; }

    /// <summary>Null when the container has no healthcheck.</summary>
    public HealthState? Health { get; init; }

    /// <summary>Network name → address; an address is empty while the container does not run.</summary>
    public IReadOnlyDictionary<string, string> Addresses { get; init; } = ImmutableDictionary<string, string>.Empty;

    public string NetworkMode { get; init; } = "";

    public IReadOnlyList<PortBinding> Ports { get; init; } = [];

    public long MemoryBytes { get; init; }

    public IReadOnlyList<string> Env { get; init; } = [];
}

/// <param name="Status"><c>starting</c>, <c>healthy</c>, <c>unhealthy</c>.</param>
/// <param name="FailingStreak">Failures in a row.</param>
/// <param name="LastOutput">What the last probe printed.</param>
/// <param name="LastExitCode">What the last probe exited with.</param>
public sealed record HealthState(string Status, int FailingStreak, string LastOutput, int LastExitCode);

public sealed record LogsRequest
{
    public bool Follow { get; init; }

    /// <summary>Last lines; null = all.</summary>
    public int? Tail { get; init; }

    public DateTimeOffset? Since { get; init; }

    public bool Timestamps { get; init; }
}

/// <param name="IsError">From stderr.</param>
/// <param name="Text">Without the line's end.</param>
public sealed record LogLine(bool IsError, string Text);

public sealed record ExecRequest(IReadOnlyList<string> Command)
{
    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    public IReadOnlyList<string> Env { get; init; } = [];
}

public sealed record ExecResult(int ExitCode, string Output);

public sealed record ContainerStats(long MemoryBytes, long MemoryLimitBytes, ulong CpuNanoseconds, ulong SystemCpuNanoseconds, int Cpus, long Pids);
