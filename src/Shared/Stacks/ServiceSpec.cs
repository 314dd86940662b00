using System.Collections.Immutable;

namespace Orchestrator.Stacks;

/// <summary>One service of a stack. <see cref="Container"/> is what a container is made from; everything else is policy and restarts nothing.</summary>
public sealed record ServiceSpec
{
    public required string Name { get; init; }

    public required ContainerSpec Container { get; init; }

    public ImmutableArray<DependencySpec> DependsOn { get; init; } = [];

    public DeploySpec Deploy { get; init; } = new();

    /// <summary>When the registry is asked; default <see cref="PullPolicy.Default"/>.</summary>
    public PullPolicy PullPolicy { get; init; }

    public TrafficSpec Traffic { get; init; } = new();
}

/// <summary><c>pull_policy</c>. Default asks the registry for the digest and uses the local image when it was built locally.</summary>
public enum PullPolicy
{
    Default,
    Always,
    Missing,
    Never,
}

public sealed record DependencySpec
{
    public required string Service { get; init; }

    public DependencyCondition Condition { get; init; }

    /// <summary>Default true; false turns a missing or failed dependency into a warning.</summary>
    public bool Required { get; init; } = true;
}

public enum DependencyCondition
{
    Started,
    Healthy,
    Completed,
}

/// <summary>All that changes the container when it changes; the config hash is taken over this.</summary>
public sealed record ContainerSpec
{
    /// <summary>As written in the file (or with the digest added by resolution).</summary>
    public required string Image { get; init; }

    /// <summary>Null inherits the image's; empty clears it.</summary>
    public ImmutableArray<string>? Command { get; init; }

    public ImmutableArray<string>? Entrypoint { get; init; }

    /// <summary>A null value (<c>K</c> alone, not set by the caller) unsets the image's variable.</summary>
    public ImmutableSortedDictionary<string, string?> Environment { get; init; } = ImmutableSortedDictionary<string, string?>.Empty;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public string? ContainerName { get; init; }

    public string? Hostname { get; init; }

    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    public bool Tty { get; init; }

    public bool StdinOpen { get; init; }

    /// <summary>Null leaves the engine's default.</summary>
    public bool? Init { get; init; }

    public bool ReadOnly { get; init; }

    public bool Privileged { get; init; }

    public string? StopSignal { get; init; }

    /// <summary>Default 10 s, Compose's and the engine's.</summary>
    public TimeSpan StopGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    public HealthcheckSpec? Healthcheck { get; init; }

    public ImmutableArray<PortSpec> Ports { get; init; } = [];

    /// <summary><c>80/tcp</c> form.</summary>
    public ImmutableArray<string> Expose { get; init; } = [];

    public ImmutableArray<MountSpec> Mounts { get; init; } = [];

    public ImmutableArray<NetworkAttachmentSpec> Networks { get; init; } = [];

    /// <summary><c>none</c>, <c>host</c>, <c>bridge</c>; null for the networks above.</summary>
    public string? NetworkMode { get; init; }

    public ImmutableArray<string> ExtraHosts { get; init; } = [];

    public ImmutableArray<string> Dns { get; init; } = [];

    public ImmutableArray<string> DnsSearch { get; init; } = [];

    public ImmutableArray<string> DnsOptions { get; init; } = [];

    public ImmutableArray<string> CapAdd { get; init; } = [];

    public ImmutableArray<string> CapDrop { get; init; } = [];

    public ImmutableArray<string> GroupAdd { get; init; } = [];

    public ImmutableArray<string> SecurityOptions { get; init; } = [];

    public ImmutableSortedDictionary<string, string> Sysctls { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, UlimitSpec> Ulimits { get; init; } = ImmutableSortedDictionary<string, UlimitSpec>.Empty;

    public ImmutableArray<string> Tmpfs { get; init; } = [];

    public long? ShmSizeBytes { get; init; }

    public LoggingSpec? Logging { get; init; }

    public ResourcesSpec Resources { get; init; } = new();

    public RestartSpec Restart { get; init; } = new();

    /// <summary><c>x-orchestrator.ready</c>: a probe the agent makes instead of the healthcheck.</summary>
    public ReadySpec? Ready { get; init; }
}

public sealed record HealthcheckSpec
{
    /// <summary>Starts with <c>CMD</c> or <c>CMD-SHELL</c>; exactly <c>["NONE"]</c> disables the image's.  Empty inherits the image's test.</summary>
    public ImmutableArray<string> Test { get; init; } = [];

    /// <summary>Null inherits the image's, else the engine's 30 s.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Null: engine's 30 s.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Null: engine's 3.</summary>
    public int? Retries { get; init; }

    /// <summary>Null: engine's 0.</summary>
    public TimeSpan? StartPeriod { get; init; }

    public TimeSpan? StartInterval { get; init; }
}

/// <summary>Exactly one of the two is set.</summary>
public sealed record ReadySpec
{
    /// <summary>An HTTP GET on this path that answers 200 to 399.</summary>
    public string? HttpPath { get; init; }

    /// <summary>Container port for either probe.</summary>
    public int Port { get; init; }
}

public enum PortMode
{
    Ingress,
    Host,
}

public sealed record PortSpec
{
    /// <summary>1 to 65535.</summary>
    public required int Target { get; init; }

    /// <summary>Null: the engine chooses.</summary>
    public int? Published { get; init; }

    public string Protocol { get; init; } = "tcp";

    public string? HostIp { get; init; }

    public PortMode Mode { get; init; }
}

public enum MountKind
{
    Bind,
    Volume,
    Tmpfs,
}

public sealed record MountSpec
{
    public required MountKind Kind { get; init; }

    /// <summary>Host path, or the key in <see cref="StackSpec.Volumes"/>; null for an anonymous volume and tmpfs.</summary>
    public string? Source { get; init; }

    /// <summary>The volume's name on the engine (Kind = Volume, Source set).</summary>
    public string? EngineName { get; init; }

    public required string Target { get; init; }

    public bool ReadOnly { get; init; }

    /// <summary>True for the short form and <c>create_host_path</c>: a missing bind source is created.</summary>
    public bool CreateHostPath { get; init; }

    public string? Propagation { get; init; }

    public bool NoCopy { get; init; }

    public long? TmpfsSizeBytes { get; init; }

    public int? TmpfsMode { get; init; }
}

public sealed record NetworkAttachmentSpec
{
    /// <summary>The key in <see cref="StackSpec.Networks"/>.</summary>
    public required string Network { get; init; }

    /// <summary>The name on the engine.</summary>
    public required string EngineName { get; init; }

    public ImmutableArray<string> Aliases { get; init; } = [];

    public string? Ipv4Address { get; init; }

    public string? Ipv6Address { get; init; }

    /// <summary>The highest is the primary network.</summary>
    public int Priority { get; init; }
}

public sealed record UlimitSpec(long Soft, long Hard);

public sealed record LoggingSpec(string? Driver, ImmutableSortedDictionary<string, string> Options);

/// <summary>Limits and reservations; null where the file is silent.</summary>
public sealed record ResourcesSpec
{
    public decimal? CpuLimit { get; init; }

    public long? MemoryLimitBytes { get; init; }

    public long? PidsLimit { get; init; }

    public decimal? CpuReservation { get; init; }

    public long? MemoryReservationBytes { get; init; }
}

public enum RestartCondition
{
    None,
    OnFailure,
    Any,

    /// <summary>The engine's <c>always</c>: also after a manual stop, once the engine restarts.</summary>
    Always,
}

/// <summary>From <c>restart</c> or <c>deploy.restart_policy</c>; default any, as in a Swarm stack.</summary>
public sealed record RestartSpec
{
    public RestartCondition Condition { get; init; } = RestartCondition.Any;

    /// <summary>0 = unlimited.</summary>
    public int MaxAttempts { get; init; }

    /// <summary>Default 5 s (Swarm). The engine's own back-off is used locally.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Window { get; init; }
}
