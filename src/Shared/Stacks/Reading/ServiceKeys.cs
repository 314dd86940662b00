using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>The keys of a service.</summary>
internal static class ServiceKeys
{
    internal static readonly KeyTable<ServiceDraft> Table = new(
        "annotations", "attach", "blkio_config", "build", "cgroup", "cgroup_parent", "configs", "cpu_count", "cpu_percent", "cpu_period",
        "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpuset", "credential_spec", "develop", "device_cgroup_rules", "devices",
        "domainname", "extends", "external_links", "gpus", "ipc", "isolation", "links", "mac_address", "mem_swappiness", "memswap_limit",
        "models", "oom_kill_disable", "oom_score_adj", "pid", "platform", "post_start", "pre_stop", "profiles", "provider", "runtime",
        "secrets", "storage_opt", "use_api_socket", "userns_mode", "uts", "volumes_from")
    {
        { "image", (d, v) => d with { Container = d.Container with { Image = ReadImage(v) } } },
        { "command", Container((c, v) => c with { Command = v.Words() }) },
        { "entrypoint", Container((c, v) => c with { Entrypoint = v.Words() }) },
        { "environment", (d, v) => d with { Environment = [.. v.KeyValues().Select(p => (p.Key, p.Text))] } },
        { "env_file", (d, v) => d with { FileEnvironment = ServiceFiles.ReadEnvironment(v) } },
        { "labels", (d, v) => d with { Labels = LabelReader.Read(v) } },
        { "label_file", (d, v) => d with { FileLabels = ServiceFiles.ReadLabels(v) } },
        { "container_name", Container((c, v) => c with { ContainerName = ReadContainerName(v) }) },
        { "hostname", Container((c, v) => c with { Hostname = v.String() }) },
        { "user", Container((c, v) => c with { User = v.ScalarText() }) },
        { "working_dir", Container((c, v) => c with { WorkingDir = v.String() }) },
        { "tty", Container((c, v) => c with { Tty = v.Bool() ?? c.Tty }) },
        { "stdin_open", Container((c, v) => c with { StdinOpen = v.Bool() ?? c.StdinOpen }) },
        { "init", Container((c, v) => c with { Init = v.Bool() }) },
        { "read_only", Container((c, v) => c with { ReadOnly = v.Bool() ?? c.ReadOnly }) },
        { "privileged", Container((c, v) => c with { Privileged = v.Bool() ?? c.Privileged }) },
        { "stop_signal", Container((c, v) => c with { StopSignal = v.String() }) },
        { "stop_grace_period", Container((c, v) => c with { StopGracePeriod = v.Duration() ?? c.StopGracePeriod }) },
        { "healthcheck", Container((c, v) => c with { Healthcheck = HealthcheckReader.Read(v) }) },
        { "ports", PortReader.Read },
        { "expose", Container((c, v) => c with { Expose = PortReader.ReadExposed(v) }) },
        { "volumes", Container((c, v) => c with { Mounts = MountReader.Read(v) }) },
        { "tmpfs", Container((c, v) => c with { Tmpfs = v.StringOrStrings() }) },
        { "networks", Container((c, v) => c with { Networks = AttachmentReader.Read(v) }) },
        { "network_mode", Container((c, v) => c with { NetworkMode = ReadNetworkMode(v) }) },
        { "extra_hosts", Container((c, v) => c with { ExtraHosts = ExtraHostReader.Read(v) }) },
        { "dns", Container((c, v) => c with { Dns = v.StringOrStrings() }) },
        { "dns_search", Container((c, v) => c with { DnsSearch = v.StringOrStrings() }) },
        { "dns_opt", Container((c, v) => c with { DnsOptions = v.Strings() }) },
        { "cap_add", Container((c, v) => c with { CapAdd = v.Strings() }) },
        { "cap_drop", Container((c, v) => c with { CapDrop = v.Strings() }) },
        { "group_add", Container((c, v) => c with { GroupAdd = [.. v.Items().Select(i => i.ScalarText()).OfType<string>()] }) },
        { "security_opt", Container((c, v) => c with { SecurityOptions = ServiceFiles.ReadSecurityOptions(v) }) },
        { "sysctls", Container((c, v) => c with { Sysctls = v.StringMap() }) },
        { "ulimits", Container((c, v) => c with { Ulimits = UlimitReader.Read(v) }) },
        { "shm_size", Container((c, v) => c with { ShmSizeBytes = v.Bytes() }) },
        { "logging", Container((c, v) => c with { Logging = ReadLogging(v) }) },
        { "restart", (d, v) => d with { Restart = RestartReader.ReadShort(v) } },
        { "depends_on", (d, v) => d with { DependsOn = DependencyReader.Read(v) } },
        { "pull_policy", (d, v) => d with { PullPolicy = ReadPullPolicy(v) } },
        { "scale", (d, v) => d with { Scale = v.Int(0) } },
        { "mem_limit", (d, v) => d with { Resources = d.Resources with { MemoryLimitBytes = v.Bytes() } } },
        { "mem_reservation", (d, v) => d with { Resources = d.Resources with { MemoryReservationBytes = v.Bytes() } } },
        { "cpus", (d, v) => d with { Resources = d.Resources with { CpuLimit = v.Decimal(0, DeployReader.MaxCpus) } } },
        { "pids_limit", (d, v) => d with { Resources = d.Resources with { PidsLimit = v.Long(-1) } } },
        { "deploy", DeployReader.Read },
        { "x-orchestrator", ExtensionReader.Read },
    };

    private static readonly KeyTable<LoggingSpec> LoggingKeys = new()
    {
        { "driver", (l, v) => l with { Driver = v.String() } },
        { "options", (l, v) => l with { Options = v.IsNull ? l.Options : v.StringMap() } },
    };

    private static Func<ServiceDraft, Value, ServiceDraft> Container(Func<ContainerSpec, Value, ContainerSpec> apply) =>
        (draft, value) => draft with { Container = apply(draft.Container, value) };

    private static string ReadImage(Value value)
    {
        if (value.String() is not { } image)
            return "";
        if (image.Length == 0)
            value.Error("the image's name is empty", "name an image, such as nginx:1.27");
        else if (image.Any(char.IsWhiteSpace))
            value.Error($"`{image}` holds a space, which no image name does");
        return image;
    }

    private static string? ReadContainerName(Value value)
    {
        if (value.String() is not { } name)
            return null;
        var good = name.Length > 1 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');
        if (!good)
            value.Error($"`{name}` is not a valid container name", "two or more letters, digits, `_`, `.` and `-`, starting with a letter or digit");
        return name;
    }

    private static string? ReadNetworkMode(Value value)
    {
        if (value.String() is not { } mode)
            return null;
        if (mode is "none" or "host" or "bridge")
            return mode;
        if (mode.StartsWith("service:", StringComparison.Ordinal) || mode.StartsWith("container:", StringComparison.Ordinal))
            value.Error($"`{mode}`: sharing another container's network is not supported yet", "use a network both services are on");
        else
            value.Error($"must be one of none, host, bridge, but is `{mode}`", "to join a network, name it under `networks`");
        return null;
    }

    private static LoggingSpec ReadLogging(Value value) =>
        LoggingKeys.Read(value, new LoggingSpec(null, ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)));

    private static PullPolicy ReadPullPolicy(Value value)
    {
        var text = value.String();
        if (text is "build" or "daily" or "weekly" || text?.StartsWith("every_", StringComparison.Ordinal) == true)
        {
            value.Error($"the pull policy `{text}` is not supported yet", "use always, missing or never");
            return PullPolicy.Default;
        }

        return value.OneOf(("always", PullPolicy.Always), ("missing", PullPolicy.Missing), ("if_not_present", PullPolicy.Missing), ("never", PullPolicy.Never)) ?? PullPolicy.Default;
    }
}
