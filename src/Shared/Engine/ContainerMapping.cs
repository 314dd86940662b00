using System.Globalization;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

/// <summary>Between the flat records of <see cref="IEngine"/> and the wire's shapes.</summary>
internal static class ContainerMapping
{
    public static ContainerJson.Create Create(CreateContainer request, Version version)
    {
        // Engines below 1.44 refuse more than one endpoint here; the client connects the others.
        var endpoints = version >= EngineApi.ManyEndpoints ? request.Networks : [.. request.Networks.Take(1)];
        return new ContainerJson.Create
        {
            Image = request.Image,
            Cmd = request.Command,
            Entrypoint = request.Entrypoint,
            Env = request.Env,
            Labels = request.Labels,
            Hostname = request.Hostname,
            User = request.User,
            WorkingDir = request.WorkingDir,
            Tty = request.Tty,
            OpenStdin = request.OpenStdin,
            StopSignal = request.StopSignal,
            StopTimeout = request.StopTimeout is { } timeout ? (int)Math.Ceiling(timeout.TotalSeconds) : null,
            Healthcheck = request.Healthcheck is { } check ? Healthcheck(check, version) : null,
            ExposedPorts = request.ExposedPorts.Concat(request.PortBindings.Select(PortKey)).Distinct().ToDictionary(port => port, _ => new ContainerJson.Empty()),
            HostConfig = Host(request),
            NetworkingConfig = endpoints.Count == 0 ? null : new ContainerJson.NetworkingConfig(endpoints.ToDictionary(endpoint => endpoint.Network, endpoint => Endpoint(endpoint.Settings))),
        };
    }

    public static ContainerJson.Endpoint Endpoint(EndpointSettings settings) => new()
    {
        Aliases = settings.Aliases,
        Ipam = settings.Ipv4Address is null && settings.Ipv6Address is null ? null : new ContainerJson.EndpointIpam(settings.Ipv4Address, settings.Ipv6Address),
    };

    public static ContainerSummary Summary(ContainerJson.Summary container) => new()
    {
        Id = container.Id,
        Name = OwnName(container.Names),
        Image = container.Image ?? "",
        ImageId = container.ImageId ?? "",
        State = container.State ?? "",
        Status = container.Status ?? "",
        Labels = container.Labels ?? [],
        Created = DateTimeOffset.FromUnixTimeSeconds(container.Created),
        Ports = [.. (container.Ports ?? []).Select(port => new PortBinding(port.PrivatePort, port.Type ?? "tcp", Text(port.Ip), port.PublicPort == 0 ? null : port.PublicPort))],
        UsesHostNetwork = container.HostConfig?.NetworkMode == "host",
        Addresses = (container.NetworkSettings?.Networks ?? []).ToDictionary(pair => pair.Key, pair => Text(pair.Value?.Ipam?.Ipv4Address) ?? pair.Value?.Address ?? ""),
    };

    public static ContainerDetails Details(ContainerJson.Details container)
    {
        var state = container.State ?? new ContainerJson.State();
        var check = Healthcheck(container.Config?.Healthcheck);
        return new ContainerDetails
        {
            Id = container.Id,
            Name = (container.Name ?? "").TrimStart('/'),
            ImageId = container.Image ?? "",
            Image = container.Config?.Image ?? "",
            Status = state.Status ?? "",
            Running = state.Running,
            OomKilled = state.OomKilled,
            ExitCode = state.ExitCode,
            Error = state.Error ?? "",
            Created = container.Created,
            StartedAt = Time(state.StartedAt),
            FinishedAt = Time(state.FinishedAt),
            RestartCount = container.RestartCount,
            Tty = container.Config?.Tty ?? false,
            RestartPolicy = Restart(container.HostConfig?.RestartPolicy),
            Labels = container.Config?.Labels ?? [],
            Healthcheck = check,
            Health = check is null ? null : Health(state.Health),
            Addresses = (container.NetworkSettings?.Networks ?? []).ToDictionary(pair => pair.Key, pair => pair.Value?.Address ?? ""),
            NetworkMode = container.HostConfig?.NetworkMode ?? "",
            Ports = [.. (container.NetworkSettings?.Ports ?? []).SelectMany(Ports)],
            MemoryBytes = container.HostConfig?.Memory ?? 0,
            Env = container.Config?.Env ?? [],
        };
    }

    /// <summary>Null for none, and for one that <c>NONE</c> switches off.</summary>
    public static Healthcheck? Healthcheck(ContainerJson.Health? check) => check?.Test is null or [] or ["NONE"] ? null : new Healthcheck
    {
        Test = check.Test,
        Interval = Span(check.Interval),
        Timeout = Span(check.Timeout),
        StartPeriod = Span(check.StartPeriod),
        StartInterval = Span(check.StartInterval),
        Retries = check.Retries is > 0 ? check.Retries : null,
    };

    /// <summary>Memory as Docker's own client counts it: without the page cache the kernel can drop.</summary>
    public static ContainerStats Stats(ContainerJson.Stats stats)
    {
        var memory = stats.Memory ?? new ContainerJson.MemoryStats();
        var cache = (long)(memory.Stats?.GetValueOrDefault("total_inactive_file", memory.Stats.GetValueOrDefault("inactive_file")) ?? 0);
        return new ContainerStats(
            Math.Max(0, cache < memory.Usage ? memory.Usage - cache : memory.Usage), memory.Limit,
            stats.Cpu?.Usage?.Total ?? 0, stats.Cpu?.SystemUsage ?? 0, stats.Cpu?.Online ?? 0, stats.Pids?.Current ?? 0);
    }

    private static ContainerJson.HostConfig Host(CreateContainer request) => new()
    {
        Binds = request.Binds,
        Mounts = [.. request.Mounts.Select(Mount)],
        Tmpfs = request.Tmpfs,
        PortBindings = request.PortBindings.GroupBy(PortKey).ToDictionary(group => group.Key, group => group.Select(HostPort).ToList()),
        RestartPolicy = new ContainerJson.Restart(request.RestartPolicy.Name, request.RestartPolicy.MaximumRetryCount),
        Init = request.Init,
        ReadonlyRootfs = request.ReadonlyRootfs,
        Privileged = request.Privileged,
        CapAdd = request.CapAdd,
        CapDrop = request.CapDrop,
        GroupAdd = request.GroupAdd,
        SecurityOpt = request.SecurityOpt,
        Sysctls = request.Sysctls,
        Ulimits = request.Ulimits,
        ExtraHosts = request.ExtraHosts,
        Dns = request.Dns,
        DnsSearch = request.DnsSearch,
        DnsOptions = request.DnsOptions,
        LogConfig = request.LogDriver is null && request.LogOptions.Count == 0 ? null : new ContainerJson.Logging(request.LogDriver ?? "", request.LogOptions),
        Memory = request.MemoryBytes,
        MemoryReservation = request.MemoryReservationBytes,
        NanoCpus = request.NanoCpus,
        PidsLimit = request.PidsLimit,
        ShmSize = request.ShmSizeBytes,
        NetworkMode = request.NetworkMode ?? (request.Networks is [var primary, ..] ? primary.Network : null),
    };

    private static ContainerJson.Health Healthcheck(Healthcheck check, Version version) => new()
    {
        Test = check.Test,
        Interval = Nanoseconds(check.Interval),
        Timeout = Nanoseconds(check.Timeout),
        StartPeriod = Nanoseconds(check.StartPeriod),

        // Older engines would take it and silently drop it.
        StartInterval = version >= EngineApi.ManyEndpoints ? Nanoseconds(check.StartInterval) : null,
        Retries = check.Retries,
    };

    private static ContainerJson.Mount Mount(Mount mount) => new()
    {
        Type = mount.Type,
        Source = mount.Source,
        Target = mount.Target,
        ReadOnly = mount.ReadOnly,
        BindOptions = mount.Propagation is null ? null : new ContainerJson.BindOptions(mount.Propagation),
        VolumeOptions = mount.NoCopy ? new ContainerJson.VolumeOptions(true) : null,
        TmpfsOptions = mount.TmpfsSizeBytes is null && mount.TmpfsMode is null ? null : new ContainerJson.TmpfsOptions(mount.TmpfsSizeBytes, mount.TmpfsMode),
    };

    private static string PortKey(PortBinding port) => $"{port.ContainerPort.ToString(CultureInfo.InvariantCulture)}/{port.Protocol}";

    private static ContainerJson.HostPort HostPort(PortBinding port) => new(port.HostIp ?? "", port.HostPort?.ToString(CultureInfo.InvariantCulture) ?? "");

    private static IEnumerable<PortBinding> Ports(KeyValuePair<string, List<ContainerJson.HostPort>?> port)
    {
        var parts = port.Key.Split('/');
        if (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return [];
        var protocol = parts.Length > 1 ? parts[1] : "tcp";
        return port.Value is null or []
            ? [new PortBinding(number, protocol, null, null)]
            : port.Value.Select(host => new PortBinding(number, protocol, Text(host.HostIp), int.TryParse(host.Port, NumberStyles.None, CultureInfo.InvariantCulture, out var published) ? published : null));
    }

    private static HealthState? Health(ContainerJson.HealthReport? health) => health?.Status is null or "" or "none"
        ? null
        : new HealthState(health.Status, health.FailingStreak, health.Log is [.., { Output: var output }] ? output ?? "" : "", health.Log is [.., var last] ? last.ExitCode : 0);

    private static RestartPolicy Restart(ContainerJson.Restart? restart) => string.IsNullOrEmpty(restart?.Name) ? RestartPolicy.No : new RestartPolicy(restart.Name, restart.MaximumRetryCount);

    /// <summary>A link from another container shows up as a second name, with a slash inside.</summary>
    private static string OwnName(List<string>? names) =>
        (names ?? []).Select(name => name.TrimStart('/')).FirstOrDefault(name => !name.Contains('/', StringComparison.Ordinal)) ?? "";

    private static DateTimeOffset? Time(DateTimeOffset? at) => at is { Year: > 1 } ? at : null;

    private static TimeSpan? Span(long? nanoseconds) => nanoseconds is null or 0 ? null : TimeSpan.FromTicks(nanoseconds.Value / TimeSpan.NanosecondsPerTick);

    private static long? Nanoseconds(TimeSpan? span) => span?.Ticks * TimeSpan.NanosecondsPerTick;

    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
