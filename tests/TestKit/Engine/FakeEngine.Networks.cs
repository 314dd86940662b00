using System.Collections.Immutable;
using System.Net;

namespace Orchestrator.Engine.Fakes;

public sealed partial class FakeEngine
{
    /// <summary>172.18.0.0/16 and up, as the engine's own pools.</summary>
    private const int FirstSubnet = 18;

    private readonly List<NetworkDetails> _networks = [];
    private readonly SortedDictionary<string, VolumeDetails> _volumes = new(StringComparer.Ordinal);
    private int _subnets;

    /// <summary>Networks whose subnet was asked for: only there may a container choose its address.</summary>
    private readonly HashSet<string> _ownSubnets = [];

    public Task ConnectNetworkAsync(string network, string container, EndpointSettings settings, CancellationToken cancellation) => CallAsync(network, () =>
    {
        var (found, net) = (Find(container), FindNetwork(network));
        if (found.Networks.Exists(endpoint => endpoint.Network == net.Name)) throw Refuse(403, $"endpoint with name {found.Name} already exists in network {net.Name}");
        var joined = new NetworkEndpoint(net.Name, settings);
        found.Networks.Add(joined);
        if (found.IsRunning) found.Addresses[net.Name] = Allocate(joined);
        Emit("network", "connect", net.Id, new Dictionary<string, string> { ["name"] = net.Name, ["container"] = found.Id });
        return true;
    }, cancellation);

    public Task<string> CreateNetworkAsync(CreateNetwork request, CancellationToken cancellation) => CallAsync(request.Name, () =>
    {
        if (_networks.Exists(network => network.Name == request.Name)) throw Refuse(409, $"network with name {request.Name} already exists");
        if (request.Subnet is { } wanted && _networks.Exists(network => network.Subnet is { } taken && Overlap(IPNetwork.Parse(taken), IPNetwork.Parse(wanted))))
        {
            throw Refuse(403, "Pool overlaps with other one on this address space");
        }

        var created = AddNetwork(request);
        Emit("network", "create", created.Id, new Dictionary<string, string> { ["name"] = created.Name });
        return created.Id;
    }, cancellation);

    public Task<NetworkDetails> InspectNetworkAsync(string network, CancellationToken cancellation) => CallAsync(network, () =>
    {
        var found = FindNetwork(network);
        return found with
        {
            Containers = [.. Users(found).Where(container => container.IsRunning).Select(container => container.Id).Order(StringComparer.Ordinal)],
            Addresses = Users(found).Where(container => container.IsRunning).ToImmutableDictionary(container => container.Id, container => container.Addresses.GetValueOrDefault(found.Name, "")),
        };
    }, cancellation);

    public Task<IReadOnlyList<NetworkDetails>> ListNetworksAsync(EngineFilters filters, CancellationToken cancellation) => CallAsync<IReadOnlyList<NetworkDetails>>("", () =>
    {
        FakeFilters.Check(filters, FakeFilters.OtherKeys, Address);
        return [.. _networks.Where(network => FakeFilters.Labels(filters, network.Labels)
            && FakeFilters.Any(filters, "name", name => name == network.Name)
            && FakeFilters.Any(filters, "id", id => network.Id.StartsWith(id, StringComparison.Ordinal))
            && FakeFilters.Any(filters, "driver", driver => driver == network.Driver))];
    }, cancellation);

    public Task RemoveNetworkAsync(string network, CancellationToken cancellation) => CallAsync(network, () =>
    {
        var found = FindNetwork(network);
        if (found.Name is "bridge" or "host" or "none") throw Refuse(403, $"{found.Name} is a pre-defined network and cannot be removed");
        if (Users(found).Any(container => container.IsRunning)) throw Refuse(403, $"error while removing network: network {found.Name} id {found.Id} has active endpoints");
        _networks.Remove(found);
        Emit("network", "destroy", found.Id, new Dictionary<string, string> { ["name"] = found.Name });
        return true;
    }, cancellation);

    public Task<VolumeDetails> CreateVolumeAsync(CreateVolume request, CancellationToken cancellation) => CallAsync(request.Name, () => AddVolume(request), cancellation);

    public Task<VolumeDetails> InspectVolumeAsync(string volume, CancellationToken cancellation) => CallAsync(volume, () => FindVolume(volume), cancellation);

    public Task<IReadOnlyList<VolumeDetails>> ListVolumesAsync(EngineFilters filters, CancellationToken cancellation) => CallAsync<IReadOnlyList<VolumeDetails>>("", () =>
    {
        FakeFilters.Check(filters, FakeFilters.OtherKeys, Address);
        return [.. _volumes.Values.Where(volume => FakeFilters.Labels(filters, volume.Labels)
            && FakeFilters.Any(filters, "name", name => name == volume.Name)
            && FakeFilters.Any(filters, "driver", driver => driver == volume.Driver))];
    }, cancellation);

    public Task RemoveVolumeAsync(string volume, bool force, CancellationToken cancellation) => CallAsync(volume, () =>
    {
        if (force && !_volumes.ContainsKey(volume)) return true;
        var found = FindVolume(volume);
        if (_containers.Find(container => VolumesOf(container.Request).Contains(found.Name)) is { } user) throw Refuse(409, $"remove {volume}: volume is in use - [{user.Id}]");
        _volumes.Remove(found.Name);
        return true;
    }, cancellation);

    private NetworkDetails AddNetwork(CreateNetwork request)
    {
        var subnet = request.Subnet ?? (request.Driver == "bridge" ? $"172.{FirstSubnet + (_subnets / 256)}.{_subnets++ % 256}.0/24" : null);
        var network = new NetworkDetails(NextId(), request.Name, request.Driver, request.Labels, request.Options, subnet, request.Gateway ?? (subnet is null ? null : AddressIn(subnet, 1)), request.Internal, []) { IpRange = request.IpRange };
        _networks.Add(network);
        if (request.Subnet is not null) _ownSubnets.Add(network.Id);
        return network;
    }

    private NetworkDetails FindNetwork(string network) =>
        _networks.Find(found => found.Name == network || found.Id == network) ?? throw Refuse(404, $"network {network} not found");

    private IEnumerable<FakeContainer> Users(NetworkDetails network) => _containers.Where(container => container.Networks.Exists(endpoint => endpoint.Network == network.Name));

    private string Allocate(NetworkEndpoint endpoint)
    {
        var network = FindNetwork(endpoint.Network);
        var used = Users(network).Select(container => container.Addresses.GetValueOrDefault(network.Name)).Append(network.Gateway).ToHashSet();
        if (endpoint.Settings.Ipv4Address is { } wanted)
        {
            if (!_ownSubnets.Contains(network.Id)) throw Refuse(400, "user specified IP address is supported only when connecting to networks with user configured subnets");
            if (!IPNetwork.Parse(network.Subnet!).Contains(IPAddress.Parse(wanted))) throw Refuse(400, $"Invalid address {wanted}: It does not belong to any of this network's subnets");
            return used.Contains(wanted) ? throw Refuse(403, "Address already in use") : wanted;
        }

        if (network.Subnet is null) return "";
        var from = network.IpRange ?? network.Subnet;
        return Enumerable.Range(from == network.Subnet ? 2 : 1, used.Count + 1).Select(number => AddressIn(from, number)).First(address => !used.Contains(address));
    }

    private static bool Overlap(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);

    private static string AddressIn(string subnet, int number)
    {
        var bytes = IPNetwork.Parse(subnet).BaseAddress.GetAddressBytes();
        var value = ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) + number;
        return new IPAddress([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]).ToString();
    }

    private VolumeDetails AddVolume(CreateVolume request)
    {
        if (_volumes.TryGetValue(request.Name, out var known)) return known;
        var created = new VolumeDetails(request.Name, request.Driver, $"/var/lib/docker/volumes/{request.Name}/_data", request.Labels.ToImmutableDictionary(), request.Options.ToImmutableDictionary());
        _volumes[request.Name] = created;
        return created;
    }

    private VolumeDetails FindVolume(string volume) => _volumes.GetValueOrDefault(volume) ?? throw Refuse(404, $"get {volume}: no such volume");

    /// <summary>Names, not paths, of what a container mounts.</summary>
    private static List<string> VolumesOf(CreateContainer request) =>
    [
        .. request.Mounts.Where(mount => mount is { Type: "volume", Source.Length: > 0 }).Select(mount => mount.Source!),
        .. request.Binds.Select(bind => bind.Split(':')[0]).Where(source => !source.StartsWith('/')),
    ];
}
