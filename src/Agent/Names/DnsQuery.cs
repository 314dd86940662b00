using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Agent.Names;

internal enum DnsType : ushort
{
    A = 1,
    Ptr = 12,
    Aaaa = 28,
    Opt = 41,
    Any = 255,
}

/// <summary>RFC 1035's, those that are answered here.</summary>
internal enum DnsCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NoSuchName = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>One question of a client, as far as it is understood here; what is not is passed on as it came.</summary>
/// <param name="Packet">Whole, as it came.</param>
/// <param name="Name">Without the last dot.</param>
/// <param name="QuestionEnd">Where the question section ends in <paramref name="Packet"/>.</param>
/// <param name="EdnsSize">What the client takes over UDP; null without EDNS.</param>
internal sealed record DnsQuery(ReadOnlyMemory<byte> Packet, ushort Id, string Name, DnsType Type, ushort Class, int QuestionEnd, ushort? EdnsSize)
{
    public const int HeaderLength = 12;

    private const int NameMax = 255;
    private const int LabelMax = 63;

    /// <summary>Only an OPT is expected; more is not looked at.</summary>
    private const int AdditionalMax = 4;

    /// <summary>Null for what is no packet to answer at all: too short, or itself an answer. Code is the refusal of what is malformed or another operation.</summary>
    public static DnsQuery? Read(ReadOnlyMemory<byte> packet, out DnsCode code)
    {
        code = DnsCode.FormatError;
        var bytes = packet.Span;
        if (bytes.Length < HeaderLength || (bytes[2] & 0x80) != 0) return null;
        var id = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        var bare = new DnsQuery(packet, id, "", 0, 0, HeaderLength, null);
        if ((bytes[2] & 0x78) != 0)
        {
            code = DnsCode.NotImplemented;
            return bare;
        }

        var (questions, answers, authorities, additional) = (Count(bytes, 4), Count(bytes, 6), Count(bytes, 8), Count(bytes, 10));
        if (questions != 1 || answers != 0 || authorities != 0 || additional > AdditionalMax) return bare;
        var at = HeaderLength;
        if (ReadName(bytes, ref at) is not { } name || at + 4 > bytes.Length) return bare;
        var (type, @class) = ((DnsType)BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]));
        at += 4;
        var end = at;
        ushort? edns = null;
        for (var record = 0; record < additional; record++)
        {
            if (ReadName(bytes, ref at) is null || at + 10 > bytes.Length) return bare;
            if ((DnsType)BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]) == DnsType.Opt) edns = BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]);
            at += 10 + BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 8)..]);
            if (at > bytes.Length) return bare;
        }

        code = DnsCode.NoError;
        return new DnsQuery(packet, id, name, type, @class, end, edns);
    }

    private static int Count(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16BigEndian(bytes[at..]);

    /// <summary>Null when malformed. Questions have nothing before them that a pointer could mean, so none is followed.</summary>
    private static string? ReadName(ReadOnlySpan<byte> bytes, ref int at)
    {
        var name = new StringBuilder();
        while (at < bytes.Length)
        {
            var length = bytes[at++];
            if (length == 0) return name.ToString();
            if (length > LabelMax || at + length > bytes.Length || name.Length + length > NameMax) return null;
            if (name.Length > 0) name.Append('.');
            foreach (var letter in bytes.Slice(at, length)) name.Append((char)letter);
            at += length;
        }

        return null;
    }
}
