using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Agent.Images;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Replicas;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Preflight;

/// <summary>What would go wrong on this host, from what its engine says. Pure but for the probe.</summary>
internal static class PreflightChecks
{
    /// <summary>What the engine calls a machine, and the platforms that run on it, in the registry's words.</summary>
    private static readonly Dictionary<string, string[]> Architectures = new(StringComparer.OrdinalIgnoreCase)
    {
        ["x86_64"] = ["amd64", "386"],
        ["amd64"] = ["amd64", "386"],
        ["aarch64"] = ["arm64", "arm"],
        ["arm64"] = ["arm64", "arm"],
        ["armv7l"] = ["arm"],
        ["armv6l"] = ["arm"],
        ["i686"] = ["386"],
        ["i386"] = ["386"],
        ["ppc64le"] = ["ppc64le"],
        ["s390x"] = ["s390x"],
        ["riscv64"] = ["riscv64"],
        ["loongarch64"] = ["loong64"],
    };

    /// <summary>Containers of ours that are in the way belong to the service itself, and the plan knows of them.</summary>
    public static IEnumerable<PreflightProblem> Names(AgentCommand.Preflight command, IReadOnlyList<ContainerSummary> containers) =>
        from service in command.Services
        from name in service.Keys.Select(key => ContainerRequest.Name(key, service.Spec)).Distinct(StringComparer.Ordinal)
        let holder = containers.FirstOrDefault(container => container.Name == name)
        where holder is not null && !(IsOf(holder, command.Stack) && holder.Labels.GetValueOrDefault(ReplicaLabels.Service) == service.Service)
        select Problem(service.Service, $"the container name {name} is taken by {Describe(holder)}; remove that one (docker rm -f {name}){(service.Spec.Container.ContainerName is null ? "" : " or change container_name")}");

    /// <param name="own">What the host's own ingress has bound: the coordinator knows which stack's that is.</param>
    public static IEnumerable<PreflightProblem> Ports(AgentCommand.Preflight command, IReadOnlyList<ContainerSummary> containers, IHostProbe? probe, bool hasIngress, ImmutableArray<ListenAddress> own)
    {
        var wanted = command.Services
            .SelectMany(service => service.Spec.Container.Ports.Where(port => port.Published is > 0).Select(port => new Wanted(service.Service, port.Protocol, port.HostIp, port.Published!.Value, IsListener: false)))
            .Concat(command.Listeners.Where(_ => hasIngress).Select(listener => new Wanted(listener.Service, "tcp", listener.HostIp, listener.Port, IsListener: true)))
            .Distinct();
        foreach (var port in wanted)
        {
            var holders = containers.Where(container => container.Ports.Any(published => Collides(published, port))).ToArray();
            if (Array.Find(holders, container => !IsOf(container, command.Stack)) is { } other)
            {
                yield return NotFree(port, Describe(other));
            }
            else if (holders.Length == 0
                && !own.Any(address => address.Port == port.Number && HostAddress.Overlap(address.HostIp, port.HostIp))
                && probe?.PortHolder(port.Protocol, port.HostIp, port.Number) is { } held
                && Held(port, held, command.Stack, containers) is { } problem)
            {
                yield return problem;
            }
        }
    }

    /// <summary>The engine does not know what a container in the host's network listens on: it may be the replica that is to be replaced.</summary>
    private static PreflightProblem? Held(Wanted port, HeldPort held, string stack, IReadOnlyList<ContainerSummary> containers)
    {
        if (held.Container is { } id && containers.FirstOrDefault(container => container.Id == id) is { } holder)
        {
            return IsOf(holder, stack) ? null : NotFree(port, Describe(holder));
        }

        return !held.IsKnown && containers.FirstOrDefault(container => container is { UsesHostNetwork: true, State: "running" } && IsOf(container, stack)) is { } own
            ? Problem(port.Service, $"port {Text(port)} is not free: {held.Text}; it may be {own.Name} of this stack, which is in the host's network: this user may not see that") with { IsWarning = true }
            : NotFree(port, held.Text);
    }

    private static PreflightProblem NotFree(Wanted port, string holder) =>
        Problem(port.Service, $"port {Text(port)}{(port.IsListener ? " of the ingress" : "")} is not free: {holder}; stop that or publish another port");

    public static IEnumerable<PreflightProblem> Networks(AgentCommand.Preflight command, IReadOnlyList<NetworkDetails> networks)
    {
        var wanted = from service in command.Services
                     from network in service.Spec.Networks
                     select (service.Service, Network: network.Value, Subnet: service.Spec.Overlays.GetValueOrDefault(network.Key)?.Subnet ?? network.Value.Subnet);
        foreach (var (service, network, subnet) in wanted.DistinctBy(network => network.Network.EngineName))
        {
            var exists = networks.Any(known => known.Name == network.EngineName);
            if (network.External)
            {
                if (!exists) yield return Problem(service, $"external network {network.EngineName} does not exist; create it there: docker network create {network.EngineName}");
                continue;
            }

            if (exists || subnet is null || Ipv4Block.Parse(subnet) is not { } block) continue;
            var other = networks.FirstOrDefault(known => known.Name != network.EngineName && known.Subnet is { } taken && Ipv4Block.Parse(taken) is { } range && range.Overlaps(block));
            if (other is not null) yield return Problem(service, $"network {network.EngineName} cannot have the subnet {subnet}: network {other.Name} has {other.Subnet}; give it another subnet, or remove that one (docker network rm {other.Name})");
        }
    }

    public static IEnumerable<PreflightProblem> Volumes(AgentCommand.Preflight command, IReadOnlyList<VolumeDetails> volumes) =>
        from service in command.Services
        from volume in service.Spec.Volumes.Values
        where volume.External && volumes.All(known => known.Name != volume.EngineName)
        select Problem(service.Service, $"external volume {volume.EngineName} does not exist; create it there: docker volume create {volume.EngineName}");

    /// <summary>Those that nobody creates, with what is to be said where they are missing.</summary>
    public static ILookup<string, PreflightProblem> BindSources(AgentCommand.Preflight command) =>
        (from service in command.Services
         from mount in service.Spec.Container.Mounts
         where mount is { Kind: MountKind.Bind, CreateHostPath: false, Source: not null }
         select (mount.Source, Missing: Problem(service.Service, $"the bind source {mount.Source} does not exist; create it there, or set bind.create_host_path: true")))
        .ToLookup(source => source.Source, source => source.Missing, StringComparer.Ordinal);

    /// <summary>A registry that does not give the image is a warning: the pull tries again, and its failure is the rollout's to act on.</summary>
    public static IEnumerable<PreflightProblem> Image(ImmutableArray<string> services, string reference, ImageFinding found, HostFacts? facts)
    {
        var service = string.Join(", ", services);
        if (found.Error is { } error)
        {
            yield return Problem(service, $"{reference} is not there and cannot be pulled as it stands: {error}; {(ImageResolution.IsDenied(error) ? "log in there with `docker login`" : "check that the host reaches the registry")}") with { IsWarning = true };
            yield break;
        }

        var platforms = found.Platforms.Where(platform => !platform.StartsWith("unknown", StringComparison.Ordinal)).ToImmutableArray();
        if (platforms.IsEmpty || facts is null || !Architectures.TryGetValue(facts.Architecture, out var runs)) yield break;
        if (platforms.Any(platform => platform.Split('/') is [var os, var architecture, ..] && os == facts.Os && runs.Contains(architecture))) yield break;

        // Of an image for one platform alone an engine takes that one, and may have an emulator for it; of a list it takes its own or none.
        yield return Problem(service, $"{reference} is for {string.Join(", ", platforms)}, and the host is {facts.Os}/{runs[0]}; build it for that platform too, or keep the service off this host (placement constraint node.platform.arch)") with { IsWarning = platforms.Length == 1 };
    }

    private static PreflightProblem Problem(string service, string message) => new($"service {service}", message, IsWarning: false);

    private static bool IsOf(ContainerSummary container, string stack) => container.Labels.GetValueOrDefault(ReplicaLabels.Stack) == stack;

    private static string Describe(ContainerSummary container) => container.Labels.TryGetValue(ReplicaLabels.Stack, out var stack)
        ? $"container {container.Name} of stack {stack}"
        : $"container {container.Name} ({container.Image}, {container.State}), which is not ours";

    private static bool Collides(PortBinding published, Wanted wanted) =>
        published.HostPort == wanted.Number
        && published.Protocol == wanted.Protocol
        && HostAddress.Overlap(published.HostIp, wanted.HostIp);

    private static string Text(Wanted port) => string.Create(CultureInfo.InvariantCulture, $"{(port.HostIp is null ? "" : port.HostIp + ":")}{port.Number}/{port.Protocol}");

    private sealed record Wanted(string Service, string Protocol, string? HostIp, int Number, bool IsListener);
}

/// <param name="Platforms">Empty when they are not known.</param>
/// <param name="Error">What the registry said instead; null when it answered.</param>
internal sealed record ImageFinding(ImmutableArray<string> Platforms, string? Error)
{
    public static ImageFinding Unknown { get; } = new([], null);
}
