using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Protocol;

/// <summary>A range of IPv4 addresses in CIDR.</summary>
/// <param name="Base">Its first address; the bits below the prefix are zero.</param>
/// <param name="Prefix">0 to 32.</param>
public readonly record struct Ipv4Block(uint Base, int Prefix)
{
    public ulong Size => 1UL << (32 - Prefix);

    public static Ipv4Block? Parse(string text) => IPNetwork.TryParse(text, out var network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork
        ? new Ipv4Block(BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes()), network.PrefixLength)
        : null;

    /// <summary>How many blocks of a prefix fit in; 0 when it is the larger one.</summary>
    public ulong Count(int prefix) => prefix < Prefix ? 0 : 1UL << (prefix - Prefix);

    public Ipv4Block Part(int prefix, ulong index) => new((uint)(Base + (index << (32 - prefix))), prefix);

    public bool Overlaps(Ipv4Block other) => Contains(other.Base) || other.Contains(Base);

    public bool Contains(uint address) => address - (ulong)Base < Size && address >= Base;

    /// <param name="offset">From the first address.</param>
    public string Address(uint offset) => Text(Base + offset);

    /// <summary>Null for what is no IPv4 address.</summary>
    public static uint? Number(string address) => IPAddress.TryParse(address, out var parsed) ? Number(parsed) : null;

    public static uint? Number(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork
        ? BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes())
        : address.IsIPv4MappedToIPv6 ? Number(address.MapToIPv4()) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Text(Base)}/{Prefix}");

    private static string Text(uint address)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, address);
        return new IPAddress(bytes).ToString();
    }
}
