using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Networks;

/// <summary>Has the engine make networks, and gives their containers addresses. For one caller that asks one thing at a time.</summary>
internal sealed class NetworkKeeper(IEngine engine, string hostName, OverlayBridges? bridges, Action<string> created)
{
    /// <summary>Somebody else took the subnet that the engine had just chosen.</summary>
    private const int SubnetTries = 3;

    private const string MtuOption = "com.docker.network.driver.mtu";
    private const string BridgeOption = "com.docker.network.bridge.name";

    private readonly HeldAddresses _held = new();

    public async Task<ImmutableSortedDictionary<string, string>> EnsureAsync(NetworksMessage.Ensure ensure, DateTimeOffset now, CancellationToken cancellation)
    {
        var networks = new List<NetworkDetails>();
        foreach (var (key, network) in ensure.Networks) networks.Add(await EnsureAsync(ensure.Stack, key, network, ensure.Overlays.GetValueOrDefault(key), cancellation));
        return ensure.Container is { } container ? await PinAsync(container, networks, ensure.Avoid, now, cancellation) : ImmutableSortedDictionary<string, string>.Empty;
    }

    public async Task<NetworkDetails> EnsureAsync(string stack, string key, NetworkSpec network, OverlaySlice? slice, CancellationToken cancellation)
    {
        var found = await FindAsync(network.EngineName, cancellation);
        if (found is null && network.External) throw new NetworkException($"external network {network.EngineName} does not exist on host {hostName}; create it there: docker network create {network.EngineName}");
        if (slice is null) return found ?? await CreateLocalAsync(stack, key, network, cancellation);
        if (bridges is null) throw new NetworkException($"network {network.EngineName} spans hosts, and this agent has no fleet: start it with orchestrator-agent run");
        var underlay = await bridges.UnderlayAsync(hostName, cancellation);
        if (found is not null && !Matches(found, slice))
        {
            await RemoveFormerAsync(found, slice, cancellation);
            found = null;
        }

        found ??= await CreateSpanningAsync(Spanning(stack, slice, underlay.Mtu), cancellation);
        await bridges.AttachAsync(slice, underlay, cancellation);
        return found;
    }

    private async Task<NetworkDetails?> FindAsync(string network, CancellationToken cancellation)
    {
        try
        {
            return await engine.InspectNetworkAsync(network, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            return null;
        }
    }

    private static bool Matches(NetworkDetails found, OverlaySlice slice) =>
        found.Subnet == slice.Subnet && found.IpRange == slice.Range && found.Gateway == slice.Gateway && found.Options.GetValueOrDefault(BridgeOption) == OverlayLink.BridgeOf(slice);

    private async Task RemoveFormerAsync(NetworkDetails found, OverlaySlice slice, CancellationToken cancellation)
    {
        if (found.Containers.Count > 0)
        {
            throw new NetworkException($"network {slice.EngineName} on host {hostName} has the addresses {found.Subnet ?? "of its driver"}, is to span hosts with {slice.Range} of {slice.Subnet}, and {found.Containers.Count} containers use it: "
                + $"remove the stack and deploy it again, or remove what uses it (docker network inspect {slice.EngineName})");
        }

        await RemoveAsync(found.Id, cancellation);
        if (bridges is not null) await bridges.DetachAsync(slice.EngineName, cancellation);
    }

    private async Task<NetworkDetails> CreateSpanningAsync(CreateNetwork request, CancellationToken cancellation) => await TryCreateAsync(request, cancellation)
        ?? throw new NetworkException($"the addresses {request.Subnet} of network {request.Name} are taken on host {hostName} by another network of its engine: remove that one (docker network ls), or start the coordinator with another overlay pool");

    /// <summary>
    /// The engine gives a container an address of our choice only where the subnet was given too. It is the engine that knows which subnets are free on its host, be it far away, so it is
    /// let choose first, and then asked for what it chose.
    /// </summary>
    private async Task<NetworkDetails> CreateLocalAsync(string stack, string key, NetworkSpec network, CancellationToken cancellation)
    {
        var request = Request(stack, key, network);
        if (network.Subnet is not null) return (await CreateOrFindAsync(request with { Labels = WithSubnet(request, network.Subnet) }, cancellation)).Network;
        if (network.Driver != "bridge" || network.EnableIpv6) return (await CreateOrFindAsync(request, cancellation)).Network;
        for (var attempt = 0; attempt < SubnetTries; attempt++)
        {
            var chosen = await CreateOrFindAsync(request, cancellation);
            if (chosen.IsFound || chosen.Network.Subnet is not { } subnet || Ipv4Block.Parse(subnet) is null || chosen.Network.Containers.Count > 0) return chosen.Network;
            await RemoveAsync(chosen.Network.Id, cancellation);
            var fixedRequest = request with { Subnet = subnet, Gateway = chosen.Network.Gateway, Labels = WithSubnet(request, subnet) };
            if (await TryCreateAsync(fixedRequest, cancellation) is { } made) return made;
        }

        return (await CreateOrFindAsync(request, cancellation)).Network;
    }

    /// <summary>Null when the subnet is taken by now.</summary>
    private async Task<NetworkDetails?> TryCreateAsync(CreateNetwork request, CancellationToken cancellation)
    {
        try
        {
            return await CreateAsync(request, cancellation);
        }
        catch (EngineException e) when (e.DaemonMessage.Contains("overlaps", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
    }

    /// <summary>IsFound: somebody else made it, and it is theirs to remove.</summary>
    private async Task<(NetworkDetails Network, bool IsFound)> CreateOrFindAsync(CreateNetwork request, CancellationToken cancellation)
    {
        try
        {
            return (await CreateAsync(request, cancellation) ?? throw new NetworkException($"network {request.Name} was removed by somebody else while it was made"), false);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.Conflict)
        {
            // Another program made it in between; or it overlaps with one of another name, and then it is still missing.
            if (await FindAsync(request.Name, cancellation) is { } found) return (found, true);
            throw;
        }
    }

    private async Task<NetworkDetails?> CreateAsync(CreateNetwork request, CancellationToken cancellation)
    {
        await engine.CreateNetworkAsync(request, cancellation);
        created(request.Name);
        return await FindAsync(request.Name, cancellation);
    }

    private async Task RemoveAsync(string network, CancellationToken cancellation)
    {
        try
        {
            await engine.RemoveNetworkAsync(network, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            // Somebody was quicker.
        }
    }

    /// <summary>One list for all networks: what the engine shows of stopped containers is there too.</summary>
    private async Task<ImmutableSortedDictionary<string, string>> PinAsync(string container, List<NetworkDetails> networks, ImmutableHashSet<string> avoid, DateTimeOffset now, CancellationToken cancellation)
    {
        var chosen = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var pinnable = networks.Where(n => n.Labels.ContainsKey(NetworkLabels.Subnet) && n.Subnet is not null).ToArray();
        if (pinnable.Length == 0) return chosen.ToImmutable();
        var listed = await engine.ListContainersAsync(EngineFilters.Label(ReplicaLabels.Stack), all: true, cancellation);
        _held.Release(container);
        _held.Settle(listed, now);
        foreach (var network in pinnable)
        {
            HashSet<string> taken =
            [
                .. listed.Select(c => c.Addresses.GetValueOrDefault(network.Name, "")),
                .. network.Addresses.Values,
                .. _held.On(network.Name),
                .. avoid,
                network.Gateway ?? "",
            ];
            var range = network.Labels.GetValueOrDefault(NetworkLabels.Range) ?? network.Subnet!;
            chosen[network.Name] = AddressChoice.Next(network.Subnet!, range, taken)
                ?? throw new NetworkException($"network {network.Name} has no free address left on host {hostName} (it has {range}): stop replicas here, or give the network a larger subnet under a new name");
        }

        var addresses = chosen.ToImmutable();
        _held.Hold(container, addresses, now);
        return addresses;
    }

    private static CreateNetwork Request(string stack, string key, NetworkSpec network) => new()
    {
        Name = network.EngineName,
        Driver = network.Driver,
        Options = network.DriverOptions,
        Labels = ResourceLabels.For(network.Labels, stack, ReplicaLabels.ComposeNetwork, key),
        Internal = network.Internal,
        Attachable = network.Attachable,
        EnableIpv6 = network.EnableIpv6,
        Subnet = network.Subnet,
        Gateway = network.Gateway,
    };

    private static CreateNetwork Spanning(string stack, OverlaySlice slice, int mtu)
    {
        var request = Request(stack, slice.Key, slice.Network);
        var own = slice.Network.DriverOptions;
        return request with
        {
            Driver = "bridge",
            Options = own.SetItem(BridgeOption, OverlayLink.BridgeOf(slice)).SetItem(MtuOption, own.GetValueOrDefault(MtuOption) ?? mtu.ToString(CultureInfo.InvariantCulture)),
            Labels = WithSubnet(request, slice.Subnet)
                .SetItem(NetworkLabels.Vni, slice.Vni.ToString(CultureInfo.InvariantCulture))
                .SetItem(NetworkLabels.Range, slice.Range)
                .SetItem(NetworkLabels.Gateway, slice.Gateway),
            Subnet = slice.Subnet,
            IpRange = slice.Range,
            Gateway = slice.Gateway,
        };
    }

    private static ImmutableSortedDictionary<string, string> WithSubnet(CreateNetwork request, string subnet) => request.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal).SetItem(NetworkLabels.Subnet, subnet);
}
