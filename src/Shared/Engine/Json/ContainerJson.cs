using System.Text.Json.Serialization;

namespace Orchestrator.Engine.Json;

/// <summary>The wire shapes of /containers. Members are nullable where an engine leaves them out or sends null.</summary>
internal static class ContainerJson
{
    internal sealed record Create
    {
        public required string Image { get; init; }

        public IReadOnlyList<string>? Cmd { get; init; }

        public IReadOnlyList<string>? Entrypoint { get; init; }

        public IReadOnlyList<string>? Env { get; init; }

        public IReadOnlyDictionary<string, string>? Labels { get; init; }

        public string? Hostname { get; init; }

        public string? User { get; init; }

        public string? WorkingDir { get; init; }

        public bool Tty { get; init; }

        public bool OpenStdin { get; init; }

        public string? StopSignal { get; init; }

        public int? StopTimeout { get; init; }

        public Health? Healthcheck { get; init; }

        public Dictionary<string, Empty>? ExposedPorts { get; init; }

        public required HostConfig HostConfig { get; init; }

        public NetworkingConfig? NetworkingConfig { get; init; }
    }

    internal sealed record Empty;

    /// <summary>Durations in nanoseconds; 0 inherits.</summary>
    internal sealed record Health
    {
        public IReadOnlyList<string>? Test { get; init; }

        public long? Interval { get; init; }

        public long? Timeout { get; init; }

        public long? StartPeriod { get; init; }

        public long? StartInterval { get; init; }

        public int? Retries { get; init; }
    }

    internal sealed record HostConfig
    {
        public IReadOnlyList<string>? Binds { get; init; }

        public IReadOnlyList<Mount>? Mounts { get; init; }

        public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

        public Dictionary<string, List<HostPort>>? PortBindings { get; init; }

        public Restart? RestartPolicy { get; init; }

        public bool? Init { get; init; }

        public bool ReadonlyRootfs { get; init; }

        public bool Privileged { get; init; }

        public IReadOnlyList<string>? CapAdd { get; init; }

        public IReadOnlyList<string>? CapDrop { get; init; }

        public IReadOnlyList<string>? GroupAdd { get; init; }

        public IReadOnlyList<string>? SecurityOpt { get; init; }

        public IReadOnlyDictionary<string, string>? Sysctls { get; init; }

        public IReadOnlyList<Ulimit>? Ulimits { get; init; }

        public IReadOnlyList<string>? ExtraHosts { get; init; }

        public IReadOnlyList<string>? Dns { get; init; }

        public IReadOnlyList<string>? DnsSearch { get; init; }

        public IReadOnlyList<string>? DnsOptions { get; init; }

        public Logging? LogConfig { get; init; }

        public long? Memory { get; init; }

        public long? MemoryReservation { get; init; }

        public long? NanoCpus { get; init; }

        public long? PidsLimit { get; init; }

        public long? ShmSize { get; init; }

        public string? NetworkMode { get; init; }
    }

    internal sealed record HostPort(string? HostIp, [property: JsonPropertyName("HostPort")] string? Port);

    internal sealed record Restart(string? Name, int MaximumRetryCount);

    internal sealed record Logging(string? Type, IReadOnlyDictionary<string, string>? Config);

    internal sealed record Mount
    {
        public required string Type { get; init; }

        public string? Source { get; init; }

        public required string Target { get; init; }

        public bool ReadOnly { get; init; }

        public BindOptions? BindOptions { get; init; }

        public VolumeOptions? VolumeOptions { get; init; }

        public TmpfsOptions? TmpfsOptions { get; init; }
    }

    internal sealed record BindOptions(string? Propagation);

    internal sealed record VolumeOptions(bool NoCopy);

    internal sealed record TmpfsOptions(long? SizeBytes, int? Mode);

    internal sealed record NetworkingConfig(Dictionary<string, Endpoint> EndpointsConfig);

    internal sealed record Endpoint
    {
        public IReadOnlyList<string>? Aliases { get; init; }

        [JsonPropertyName("IPAMConfig")]
        public EndpointIpam? Ipam { get; init; }

        [JsonPropertyName("IPAddress")]
        public string? Address { get; init; }
    }

    internal sealed record EndpointIpam(
        [property: JsonPropertyName("IPv4Address")] string? Ipv4Address,
        [property: JsonPropertyName("IPv6Address")] string? Ipv6Address);

    internal sealed record Created(string Id);

    internal sealed record Summary
    {
        public required string Id { get; init; }

        public List<string>? Names { get; init; }

        public string? Image { get; init; }

        [JsonPropertyName("ImageID")]
        public string? ImageId { get; init; }

        public string? State { get; init; }

        public string? Status { get; init; }

        public Dictionary<string, string>? Labels { get; init; }

        public long Created { get; init; }

        public List<SummaryPort>? Ports { get; init; }

        public SummaryNetworks? NetworkSettings { get; init; }

        public SummaryHostConfig? HostConfig { get; init; }
    }

    internal sealed record SummaryHostConfig(string? NetworkMode);

    internal sealed record SummaryNetworks(Dictionary<string, Endpoint?>? Networks);

    internal sealed record SummaryPort([property: JsonPropertyName("IP")] string? Ip, int PrivatePort, int PublicPort, string? Type);

    internal sealed record Details
    {
        public required string Id { get; init; }

        public string? Name { get; init; }

        public string? Image { get; init; }

        public DateTimeOffset Created { get; init; }

        public State? State { get; init; }

        public int RestartCount { get; init; }

        public Config? Config { get; init; }

        public DetailsHost? HostConfig { get; init; }

        public NetworkSettings? NetworkSettings { get; init; }
    }

    internal sealed record State
    {
        public string? Status { get; init; }

        public bool Running { get; init; }

        [JsonPropertyName("OOMKilled")]
        public bool OomKilled { get; init; }

        public int ExitCode { get; init; }

        public string? Error { get; init; }

        /// <summary>Year 1 for never.</summary>
        public DateTimeOffset? StartedAt { get; init; }

        public DateTimeOffset? FinishedAt { get; init; }

        public HealthReport? Health { get; init; }
    }

    internal sealed record HealthReport(string? Status, int FailingStreak, List<HealthProbe>? Log);

    internal sealed record HealthProbe(int ExitCode, string? Output);

    internal sealed record Config
    {
        public string? Image { get; init; }

        public bool Tty { get; init; }

        public Dictionary<string, string>? Labels { get; init; }

        public List<string>? Env { get; init; }

        public Health? Healthcheck { get; init; }
    }

    internal sealed record DetailsHost
    {
        public Restart? RestartPolicy { get; init; }

        public string? NetworkMode { get; init; }

        public long Memory { get; init; }
    }

    internal sealed record NetworkSettings(Dictionary<string, Endpoint?>? Networks, Dictionary<string, List<HostPort>?>? Ports);

    internal sealed record Update(Restart RestartPolicy);

    internal sealed record Exit(long StatusCode, ExitError? Error);

    internal sealed record ExitError(string? Message);

    internal sealed record Stats
    {
        [JsonPropertyName("memory_stats")]
        public MemoryStats? Memory { get; init; }

        [JsonPropertyName("cpu_stats")]
        public CpuStats? Cpu { get; init; }

        [JsonPropertyName("pids_stats")]
        public PidsStats? Pids { get; init; }
    }

    internal sealed record MemoryStats
    {
        public long Usage { get; init; }

        public long Limit { get; init; }

        /// <summary>cgroup v1 has total_inactive_file, v2 inactive_file.</summary>
        public Dictionary<string, ulong>? Stats { get; init; }
    }

    internal sealed record CpuStats
    {
        [JsonPropertyName("cpu_usage")]
        public CpuUsage? Usage { get; init; }

        [JsonPropertyName("system_cpu_usage")]
        public ulong SystemUsage { get; init; }

        [JsonPropertyName("online_cpus")]
        public int Online { get; init; }
    }

    internal sealed record CpuUsage([property: JsonPropertyName("total_usage")] ulong Total);

    internal sealed record PidsStats(long Current);
}
