using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Replicas;

/// <summary>What a replica's specification asks of the engine. Pure.</summary>
internal static class ContainerRequest
{
    /// <summary>The name the container shall have: the file's <c>container_name</c>, else the key's.</summary>
    public static string Name(ReplicaKey key, ReplicaSpec spec) => spec.Container.ContainerName ?? key.ContainerName;

    /// <param name="instance">The command that creates it.</param>
    /// <param name="addresses">IPv4, by the engine name of a network; the file's own wins.</param>
    public static CreateContainer For(ReplicaKey key, ReplicaSpec spec, string instance, ImmutableSortedDictionary<string, string> addresses)
    {
        var container = spec.Container;
        var networks = container.NetworkMode is null ? Networks(key, spec, addresses) : [];
        return new CreateContainer
        {
            Image = container.Image,
            Command = container.Command,
            Entrypoint = container.Entrypoint,
            Env = [.. container.Environment.Select(variable => variable.Value is null ? variable.Key : $"{variable.Key}={variable.Value}")],
            Labels = Labels(key, spec, instance),
            Hostname = container.Hostname,
            User = container.User,
            WorkingDir = container.WorkingDir,
            Tty = container.Tty,
            OpenStdin = container.StdinOpen,
            StopSignal = container.StopSignal,
            StopTimeout = container.StopGracePeriod,
            Healthcheck = Healthcheck(container.Healthcheck),
            ExposedPorts = [.. container.Expose.Concat(container.Ports.Select(PortText)).Distinct(StringComparer.Ordinal)],
            PortBindings = [.. container.Ports.Select(port => new PortBinding(port.Target, port.Protocol, port.HostIp, port.Published))],
            Binds = [.. container.Mounts.Where(IsBind).Select(Bind)],
            Mounts = [.. container.Mounts.Where(mount => !IsBind(mount)).Select(Mount)],
            Tmpfs = container.Tmpfs.Select(text => text.Split(':', 2)).GroupBy(parts => parts[0], StringComparer.Ordinal).ToImmutableDictionary(group => group.Key, group => group.Last() is [_, var options] ? options : ""),

            // Until the gate is passed a crash must stay a crash; the final policy waits in a label.
            RestartPolicy = RestartPolicy.No,
            Init = container.Init,
            ReadonlyRootfs = container.ReadOnly,
            Privileged = container.Privileged,
            CapAdd = container.CapAdd,
            CapDrop = container.CapDrop,
            GroupAdd = container.GroupAdd,
            SecurityOpt = container.SecurityOptions,
            Sysctls = container.Sysctls,
            Ulimits = [.. container.Ulimits.Select(limit => new Ulimit(limit.Key, limit.Value.Soft, limit.Value.Hard))],
            ExtraHosts = container.ExtraHosts,
            Dns = container.NetworkMode is null ? Resolvers(spec) : container.Dns,
            DnsSearch = container.DnsSearch,
            DnsOptions = container.DnsOptions,
            LogDriver = container.Logging?.Driver,
            LogOptions = container.Logging?.Options ?? ImmutableSortedDictionary<string, string>.Empty,
            MemoryBytes = container.Resources.MemoryLimitBytes,
            MemoryReservationBytes = container.Resources.MemoryReservationBytes,
            NanoCpus = container.Resources.CpuLimit is { } cpus ? (long)(cpus * 1_000_000_000m) : null,
            PidsLimit = container.Resources.PidsLimit,
            ShmSizeBytes = container.ShmSizeBytes,
            NetworkMode = container.NetworkMode,
            Networks = networks,
        };
    }

    private static ImmutableSortedDictionary<string, string> Labels(ReplicaKey key, ReplicaSpec spec, string instance)
    {
        var slot = key.Slot.ToString(CultureInfo.InvariantCulture);
        var budget = RestartBudget.For(spec.Container.Restart)?.Labels() ?? ImmutableDictionary<string, string>.Empty;
        return spec.Container.Labels.SetItems(Reservations(spec.Container.Resources)).SetItems(budget).SetItems(new Dictionary<string, string>
        {
            [ReplicaLabels.Stack] = key.Stack,
            [ReplicaLabels.Service] = key.Service,
            [ReplicaLabels.Slot] = slot,
            [ReplicaLabels.Revision] = key.Revision,
            [ReplicaLabels.ConfigHash] = spec.ConfigHash,
            [ReplicaLabels.Instance] = instance,
            [ReplicaLabels.Restart] = RestartPolicies.Format(RestartPolicies.For(spec.Container.Restart)),
            [ReplicaLabels.Monitor] = Milliseconds(spec.Monitor),
            [ReplicaLabels.StopGrace] = Milliseconds(spec.Container.StopGracePeriod),
            [ReplicaLabels.ComposeProject] = key.Stack,
            [ReplicaLabels.ComposeService] = key.Service,
            [ReplicaLabels.ComposeNumber] = slot,
            [ReplicaLabels.ComposeOneoff] = "False",
            [ReplicaLabels.ComposeConfigHash] = spec.ConfigHash,
        });
    }

    private static IEnumerable<KeyValuePair<string, string>> Reservations(ResourcesSpec resources)
    {
        if (resources.CpuReservation is { } cpus and > 0) yield return new(ReplicaLabels.ReservedCpus, cpus.ToString(CultureInfo.InvariantCulture));
        if (resources.MemoryReservationBytes is { } bytes and > 0) yield return new(ReplicaLabels.ReservedMemory, bytes.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Primary first. The aliases are Compose's: the service, and the container's name.</summary>
    private static ImmutableArray<NetworkEndpoint> Networks(ReplicaKey key, ReplicaSpec spec, ImmutableSortedDictionary<string, string> addresses) =>
    [
        .. Ordered(spec).Select(network => new NetworkEndpoint(network.EngineName, new EndpointSettings
        {
            Aliases = Aliases(key, spec, network),
            Ipv4Address = network.Ipv4Address ?? addresses.GetValueOrDefault(network.EngineName),
            Ipv6Address = network.Ipv6Address,
        })),
    ];

    private static IOrderedEnumerable<NetworkAttachmentSpec> Ordered(ReplicaSpec spec) => spec.Container.Networks
        .OrderByDescending(network => network.Priority)
        .ThenBy(network => network.EngineName, StringComparer.Ordinal);

    /// <summary>A name that the engine knows it answers itself, with the containers of this host alone: on a network that spans hosts only the container's own is told.</summary>
    private static ImmutableArray<string> Aliases(ReplicaKey key, ReplicaSpec spec, NetworkAttachmentSpec network) => spec.Overlays.ContainsKey(network.Network)
        ? [Name(key, spec)]
        : [.. network.Aliases.Prepend(key.Service).Append(Name(key, spec)).Distinct(StringComparer.Ordinal)];

    /// <summary>Of the first network that spans hosts, then the file's own: the engine asks them in turn, and ours must be first to know the names of services.</summary>
    private static IReadOnlyList<string> Resolvers(ReplicaSpec spec) =>
    [
        .. Ordered(spec).Select(network => spec.Overlays.GetValueOrDefault(network.Network)).FirstOrDefault(slice => slice is not null)?.Resolvers ?? [],
        .. spec.Container.Dns,
    ];

    private static Healthcheck? Healthcheck(HealthcheckSpec? spec) => spec is null ? null : new Healthcheck
    {
        Test = spec.Test,
        Interval = spec.Interval,
        Timeout = spec.Timeout,
        StartPeriod = spec.StartPeriod,
        StartInterval = spec.StartInterval,
        Retries = spec.Retries,
    };

    /// <summary>Only the old form creates a missing host path, and it cannot say a path with a colon.</summary>
    private static bool IsBind(MountSpec mount) =>
        mount is { Kind: MountKind.Bind, CreateHostPath: true, Source: { } source } && !source.Contains(':', StringComparison.Ordinal) && !mount.Target.Contains(':', StringComparison.Ordinal);

    private static string Bind(MountSpec mount)
    {
        var options = string.Join(',', new[] { mount.ReadOnly ? "ro" : null, mount.Propagation }.OfType<string>());
        return $"{mount.Source}:{mount.Target}" + (options.Length == 0 ? "" : ":" + options);
    }

    private static Mount Mount(MountSpec mount) => mount.Kind switch
    {
        MountKind.Bind => new Mount { Type = "bind", Source = mount.Source, Target = mount.Target, ReadOnly = mount.ReadOnly, Propagation = mount.Propagation },
        MountKind.Volume => new Mount { Type = "volume", Source = mount.EngineName ?? mount.Source, Target = mount.Target, ReadOnly = mount.ReadOnly, NoCopy = mount.NoCopy },
        MountKind.Tmpfs => new Mount { Type = "tmpfs", Target = mount.Target, ReadOnly = mount.ReadOnly, TmpfsSizeBytes = mount.TmpfsSizeBytes, TmpfsMode = mount.TmpfsMode },
        _ => throw new ArgumentOutOfRangeException(nameof(mount), mount.Kind, "unknown kind of mount"),
    };

    private static string PortText(PortSpec port) => string.Create(CultureInfo.InvariantCulture, $"{port.Target}/{port.Protocol}");

    private static string Milliseconds(TimeSpan duration) => ((long)duration.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
