using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>One service: its keys in the order of the file, then what several of them decide together.</summary>
internal static class ServiceReader
{
    public static ServiceReading Read(Value value, string name)
    {
        var draft = new ServiceDraft { Name = name };
        if (value.IsMap)
            draft = ServiceKeys.Table.Read(value, draft);
        else
            value.WrongKind("a mapping");
        if (value.IsMap && value.Find("image") is null && value.Find("build") is null)
            value.Error("the service has no image", "add `image:`");

        var deploy = ReadReplicas(value, draft);
        var container = draft.Container with
        {
            Environment = Environment(draft, value.Context),
            Labels = draft.FileLabels.SetItems(draft.Labels),
            Networks = Networks(value, draft.Container),
            Resources = Resources(value, draft),
            Restart = Restart(value, draft),
        };
        CheckMounts(value, container);
        CheckContainerName(value, container, deploy);
        CheckAddresses(value, container, deploy);
        var (traffic, ports, routes) = ServiceTraffic.Of(value, draft with { Container = container });
        return new ServiceReading(
            new ServiceSpec { Name = name, Container = container, DependsOn = draft.DependsOn, Deploy = deploy, PullPolicy = draft.PullPolicy, Traffic = traffic },
            ports,
            routes);
    }

    private static ImmutableSortedDictionary<string, string?> Environment(ServiceDraft draft, LoadContext context)
    {
        var variables = ImmutableSortedDictionary.CreateBuilder<string, string?>(StringComparer.Ordinal);
        foreach (var (key, text) in draft.FileEnvironment.Concat(draft.Environment))
            variables[key] = text ?? context.Lookup(key);
        return variables.ToImmutable();
    }

    private static ImmutableArray<NetworkAttachmentSpec> Networks(Value value, ContainerSpec container)
    {
        var networks = value.Find("networks");
        if (networks is not null && value.Find("network_mode") is { } mode)
        {
            mode.Error($"`network_mode` stands beside `networks` (at {networks.Node.Place})", "keep one of the two");
            return container.Networks;
        }

        var none = networks is null || (networks.Node is Yaml.Node.List { Items.IsEmpty: true } or Yaml.Node.Map { Entries.IsEmpty: true });
        return none && value.Find("network_mode") is null ? [AttachmentReader.Default(value.Context)] : container.Networks;
    }

    private static DeploySpec ReadReplicas(Value value, ServiceDraft draft)
    {
        var deploy = draft.Deploy;
        var replicas = value.Find("deploy")?.Find("replicas");
        var scale = value.Find("scale");
        if (deploy.Mode == ServiceMode.Global && (replicas ?? scale) is { } counted)
            counted.Error("a global service runs once on every host and takes no number of replicas", "remove it, or set mode: replicated");
        if (draft.Scale is { } s && draft.Replicas is { } r && s != r)
            scale!.Error($"scale {s} differs from deploy.replicas {r} (at {replicas!.Node.Place})", "keep one of the two");
        return deploy with { Replicas = draft.Replicas ?? draft.Scale ?? deploy.Replicas };
    }

    private static RestartSpec Restart(Value value, ServiceDraft draft)
    {
        if (draft.Restart is not null && draft.DeployRestart is not null)
            value.Find("restart")!.Warn("`deploy.restart_policy` overrides `restart`", "remove one of them");
        return draft.DeployRestart ?? draft.Restart ?? draft.Container.Restart;
    }

    private static ResourcesSpec Resources(Value value, ServiceDraft draft)
    {
        var (plain, deploy) = (draft.Resources, draft.DeployResources);
        Differ("mem_limit", "limits", "memory", plain.MemoryLimitBytes, deploy.MemoryLimitBytes);
        Differ("mem_reservation", "reservations", "memory", plain.MemoryReservationBytes, deploy.MemoryReservationBytes);
        Differ("cpus", "limits", "cpus", plain.CpuLimit, deploy.CpuLimit);
        Differ("pids_limit", "limits", "pids", plain.PidsLimit, deploy.PidsLimit);
        var all = new ResourcesSpec
        {
            CpuLimit = deploy.CpuLimit ?? plain.CpuLimit,
            MemoryLimitBytes = deploy.MemoryLimitBytes ?? plain.MemoryLimitBytes,
            PidsLimit = deploy.PidsLimit ?? plain.PidsLimit,
            CpuReservation = deploy.CpuReservation,
            MemoryReservationBytes = deploy.MemoryReservationBytes ?? plain.MemoryReservationBytes,
        };
        if (all.MemoryReservationBytes > all.MemoryLimitBytes)
            (value.Find("mem_reservation") ?? Reserved("memory")).Error("the memory reserved is above the memory limit", "reserve at most the limit");
        if (all.CpuReservation > all.CpuLimit)
            Reserved("cpus").Error("the CPUs reserved are above the CPU limit", "reserve at most the limit");
        return all;

        Value Reserved(string key) => value.Find("deploy")?.Find("resources")?.Find("reservations")?.Find(key) ?? value;

        void Differ<T>(string key, string section, string deployKey, T? ours, T? theirs)
            where T : struct
        {
            if (ours is { } a && theirs is { } b && !a.Equals(b))
                value.Find(key)!.Error($"`{key}` differs from deploy.resources.{section}.{deployKey}", "keep one of the two");
        }
    }

    private static void CheckMounts(Value value, ContainerSpec container)
    {
        if (value.Find("tmpfs") is not { } tmpfs)
            return;
        var targets = container.Mounts.Select(m => m.Target).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in container.Tmpfs)
        {
            var target = MountReader.Trimmed(entry.Split(':')[0]);
            if (!target.StartsWith('/'))
                tmpfs.Error($"the target `{target}` is not an absolute path", "start it with /");
            else if (!targets.Add(target))
                tmpfs.Error($"two mounts have the target {target}", "mount one of them elsewhere");
        }
    }

    private static void CheckContainerName(Value value, ContainerSpec container, DeploySpec deploy)
    {
        if (container.ContainerName is null || value.Find("container_name") is not { } at)
            return;
        if (deploy.Mode == ServiceMode.Replicated && deploy.Replicas > 1)
            at.Error($"one container name cannot serve {deploy.Replicas} replicas", "remove `container_name`, or run one replica");
    }

    private static void CheckAddresses(Value value, ContainerSpec container, DeploySpec deploy)
    {
        if (deploy.Mode != ServiceMode.Replicated || deploy.Replicas <= 1)
            return;
        foreach (var network in container.Networks)
        {
            foreach (var (key, address) in new[] { ("ipv4_address", network.Ipv4Address), ("ipv6_address", network.Ipv6Address) })
            {
                if (address is not null)
                    value.Find("networks")?.Find(network.Network)?.Find(key)?.Error($"one address cannot serve {deploy.Replicas} replicas", $"remove `{key}`, or run one replica");
            }
        }
    }
}
