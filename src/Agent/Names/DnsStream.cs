using System.Buffers.Binary;

namespace Orchestrator.Agent.Names;

/// <summary>DNS over TCP: each packet after its length.</summary>
internal static class DnsStream
{
    /// <summary>Null at the end of the stream.</summary>
    /// <exception cref="IOException">The stream ends within a packet, or a packet is longer than allowed.</exception>
    public static async Task<byte[]?> ReadAsync(Stream stream, int lengthMax, CancellationToken cancellation)
    {
        var head = new byte[2];
        if (await stream.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellation) < 2) return null;
        var length = BinaryPrimitives.ReadUInt16BigEndian(head);
        if (length > lengthMax) throw new IOException($"a packet of {length} bytes");
        var packet = new byte[length];
        await stream.ReadExactlyAsync(packet, cancellation);
        return packet;
    }

    public static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> packet, CancellationToken cancellation)
    {
        var framed = new byte[packet.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)packet.Length);
        packet.CopyTo(framed.AsMemory(2));
        await stream.WriteAsync(framed, cancellation);
    }
}
