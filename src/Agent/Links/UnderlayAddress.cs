using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Agent.Links;

/// <summary>Where the other hosts of the fleet reach this one: as advertised, else the address from which the coordinator is reached, found anew at each dial.</summary>
/// <param name="advertised">From <c>--advertise-address</c>; null leaves it to the route.</param>
public sealed class UnderlayAddress(string? advertised)
{
    private readonly bool _isAdvertised = advertised is not null;
    /// <summary>Documentation's own (RFC 5737), which stands for the world: nothing is sent there.</summary>
    private static readonly IPEndPoint World = new(IPAddress.Parse("192.0.2.1"), 9);

    private volatile string? _current = advertised;

    /// <summary>Null until the first link, and where every route leads to this host itself.</summary>
    public string? Current => _current;

    /// <summary>A UDP socket that is "connected" takes the route, and with it the local address, that the link's packets take; it sends nothing. A coordinator on this very host says nothing of the way to others.</summary>
    public async Task LearnAsync(Uri coordinator, CancellationToken cancellation)
    {
        if (_isAdvertised) return;
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(coordinator.DnsSafeHost, cancellation);
            _current = addresses.Select(address => LocalFor(new IPEndPoint(address, coordinator.Port))).Append(LocalFor(World)).FirstOrDefault(found => found is not null) ?? _current;
        }
        catch (SocketException)
        {
            // The name does not resolve now; the link was made all the same, so the address of before still serves.
        }
    }

    private static string? LocalFor(IPEndPoint remote)
    {
        try
        {
            using var socket = new Socket(remote.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(remote);
            return socket.LocalEndPoint is IPEndPoint { Address: var local } && !IPAddress.IsLoopback(local) ? local.ToString() : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
