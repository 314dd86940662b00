using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Networks;

/// <summary>The VXLAN device that joins a network's bridge with those of the other hosts.</summary>
internal sealed record OverlayLink
{
    /// <summary>UDP. Not 4789, which Docker Swarm takes on the same host, nor 8472, which flannel does; the same on every host of the fleet.</summary>
    public const int Port = 7789;

    private const string BridgeNameOption = "com.docker.network.bridge.name";

    public required string Device { get; init; }

    public required string Bridge { get; init; }

    public required int Vni { get; init; }

    public required int Mtu { get; init; }

    /// <summary>Packets go out from it. Null: whichever the route gives, for an advertised address that is not this host's own.</summary>
    public string? Local { get; init; }

    /// <summary>What the bridge is to be called: the file's word, else from the network's name. At most 15 characters, the kernel's bound.</summary>
    public static string BridgeOf(OverlaySlice slice) => slice.Network.Driver == "bridge" && slice.Network.DriverOptions.TryGetValue(BridgeNameOption, out var own) ? own : "orc" + Hash(slice.EngineName);

    public static string DeviceOf(string network) => "orcv" + Hash(network);

    private static string Hash(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..10];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Device} (VNI {Vni}) on {Bridge}");
}
