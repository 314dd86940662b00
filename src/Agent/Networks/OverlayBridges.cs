using System.Collections.Immutable;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Networks;

/// <summary>Joins this host's bridges with those of the other hosts. For one caller that asks one thing at a time.</summary>
internal sealed class OverlayBridges(OverlayHost host)
{
    private readonly OverlayLinks _links = new(host.Links);

    /// <summary>What has been made and is taken to be so until it is looked at again, by network.</summary>
    private readonly Dictionary<string, OverlayLink> _attached = new(StringComparer.Ordinal);

    private readonly Dictionary<string, ImmutableSortedSet<string>> _peers = new(StringComparer.Ordinal);
    private (string Address, int Mtu, bool IsLocal)? _underlay;

    /// <exception cref="NetworkException">This host does not know how others reach it.</exception>
    public async Task<(string Address, int Mtu, bool IsLocal)> UnderlayAsync(string hostName, CancellationToken cancellation)
    {
        var address = host.Address() ?? throw new NetworkException($"host {hostName} does not know under which address other hosts reach it: start its agent with --advertise-address");
        if (_underlay is { } known && known.Address == address) return known;
        var (mtu, isLocal) = await _links.UnderlayAsync(address, cancellation);
        _underlay = (address, mtu, isLocal);
        return _underlay.Value;
    }

    /// <summary>From here on devices are looked at again, not taken to be as they were left.</summary>
    public void Distrust()
    {
        _attached.Clear();
        _underlay = null;
    }

    public async Task AttachAsync(OverlaySlice slice, (string Address, int Mtu, bool IsLocal) underlay, CancellationToken cancellation)
    {
        var link = new OverlayLink
        {
            Device = OverlayLink.DeviceOf(slice.EngineName),
            Bridge = OverlayLink.BridgeOf(slice),
            Vni = slice.Vni,
            Mtu = underlay.Mtu,
            Local = underlay.IsLocal ? underlay.Address : null,
        };
        if (_attached.GetValueOrDefault(slice.EngineName) == link) return;
        await _links.EnsureAsync(link, cancellation);
        await _links.SetPeersAsync(link.Device, _peers.GetValueOrDefault(slice.EngineName) ?? [], cancellation);
        _attached[slice.EngineName] = link;
    }

    /// <summary>The other hosts' addresses, by network; they hold for networks that are attached later too.</summary>
    public async Task SetPeersAsync(string network, ImmutableSortedSet<string> addresses, CancellationToken cancellation)
    {
        var before = _peers.GetValueOrDefault(network);
        _peers[network] = addresses;
        if (!_attached.TryGetValue(network, out var link) || (before is not null && before.SetEquals(addresses))) return;

        // Until it is done it is not known what is there.
        _attached.Remove(network);
        await _links.SetPeersAsync(link.Device, addresses, cancellation);
        _attached[network] = link;
    }

    public async Task DetachAsync(string network, CancellationToken cancellation)
    {
        var wasAttached = _attached.Remove(network);
        _peers.Remove(network);
        try
        {
            await _links.RemoveAsync(OverlayLink.DeviceOf(network), cancellation);
        }
        catch (LinkException) when (!wasAttached)
        {
            // A host whose devices cannot be seen has none of ours either.
        }
    }
}
