using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Orchestrator.Agent.Names;

/// <summary>Writes our own answers.</summary>
internal static class DnsReply
{
    /// <summary>Of every answer of ours: how long a replica that is left out may still be asked for by name.</summary>
    public static readonly TimeSpan Ttl = TimeSpan.FromSeconds(1);

    /// <summary>RFC 1035's bound over UDP without EDNS.</summary>
    public const int PlainUdpMax = 512;

    /// <summary>What passes every usual path in one piece (DNS flag day 2020).</summary>
    public const int UdpMax = 1232;

    public const int TcpMax = ushort.MaxValue;

    private const int OptLength = 11;

    /// <summary>The name is the question's.</summary>
    private const ushort QuestionName = 0xC000 | DnsQuery.HeaderLength;

    /// <summary>What of the client's limit counts.</summary>
    public static int UdpLimit(DnsQuery query) => query.EdnsSize is { } size ? Math.Clamp((int)size, PlainUdpMax, UdpMax) : PlainUdpMax;

    public static byte[] Empty(DnsQuery query, DnsCode code) => Write(query, code, 0, [], PlainUdpMax);

    public static byte[] Addresses(DnsQuery query, ImmutableArray<uint> addresses, int limit) => Write(query, DnsCode.NoError, DnsType.A, [.. addresses.Select(Bytes)], limit);

    public static byte[] Pointer(DnsQuery query, string name, int limit) => Write(query, DnsCode.NoError, DnsType.Ptr, [NameBytes(name)], limit);

    /// <summary>As many records as fit; the truncation bit tells the client to come by TCP for all of them.</summary>
    private static byte[] Write(DnsQuery query, DnsCode code, DnsType type, ImmutableArray<byte[]> records, int limit)
    {
        var head = query.Packet.Span[..query.QuestionEnd];
        var room = limit - head.Length - (query.EdnsSize is null ? 0 : OptLength);
        var fitting = records.TakeWhile(record => (room -= 12 + record.Length) >= 0).ToArray();
        using var stream = new MemoryStream(limit > UdpMax ? UdpMax : limit);
        stream.Write(head);
        Span<byte> fixedPart = stackalloc byte[12];
        foreach (var record in fitting)
        {
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart, QuestionName);
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart[2..], (ushort)type);
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart[4..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(fixedPart[6..], (uint)Ttl.TotalSeconds);
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart[10..], (ushort)record.Length);
            stream.Write(fixedPart);
            stream.Write(record);
        }

        if (query.EdnsSize is not null)
        {
            Span<byte> opt = stackalloc byte[OptLength];
            opt.Clear();
            BinaryPrimitives.WriteUInt16BigEndian(opt[1..], (ushort)DnsType.Opt);
            BinaryPrimitives.WriteUInt16BigEndian(opt[3..], UdpMax);
            stream.Write(opt);
        }

        var packet = stream.ToArray();
        var isRecursionDesired = packet[2] & 1;
        var isTruncated = fitting.Length < records.Length ? 2 : 0;

        // An answer, with authority when it is a name of ours; recursion is available, for everything else is passed on.
        packet[2] = (byte)(0x80 | (code is DnsCode.NoError or DnsCode.NoSuchName ? 4 : 0) | isTruncated | isRecursionDesired);
        packet[3] = (byte)(0x80 | (int)code);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(query.QuestionEnd > DnsQuery.HeaderLength ? 1 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(6), (ushort)fitting.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(8), 0);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), (ushort)(query.EdnsSize is null ? 0 : 1));
        return packet;
    }

    private static byte[] Bytes(uint address)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, address);
        return bytes;
    }

    private static byte[] NameBytes(string name)
    {
        using var bytes = new MemoryStream();
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            // Longer labels cannot be said; names of containers and networks come from file and engine, which allow them.
            var text = Encoding.ASCII.GetBytes(label.Length > 63 ? label[..63] : label);
            bytes.WriteByte((byte)text.Length);
            bytes.Write(text);
        }

        bytes.WriteByte(0);
        return bytes.ToArray();
    }
}
