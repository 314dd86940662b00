using System.Buffers.Binary;
using System.Net;
using System.Text;
using Orchestrator.Agent.Names;

namespace Orchestrator.Agent.Tests.Names;

/// <summary>A client's half of the protocol, written apart from the server's.</summary>
internal static class Dns
{
    public static byte[] Query(string name, DnsType type = DnsType.A, ushort id = 0x1234, ushort? edns = null)
    {
        List<byte> packet = [(byte)(id >> 8), (byte)id, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns is null ? 0 : 1)];
        foreach (var label in name.Split('.'))
        {
            packet.Add((byte)label.Length);
            packet.AddRange(Encoding.ASCII.GetBytes(label));
        }

        packet.AddRange([0, (byte)((ushort)type >> 8), (byte)type, 0, 1]);
        if (edns is { } size) packet.AddRange([0, 0, 41, (byte)(size >> 8), (byte)size, 0, 0, 0, 0, 0, 0]);
        return [.. packet];
    }

    public static Answer Read(ReadOnlySpan<byte> packet)
    {
        Assert.True(packet.Length >= 12, "an answer has a header");
        Assert.True((packet[2] & 0x80) != 0, "an answer says that it is one");
        var (questions, answers) = (BinaryPrimitives.ReadUInt16BigEndian(packet[4..]), BinaryPrimitives.ReadUInt16BigEndian(packet[6..]));
        var at = 12;
        for (var question = 0; question < questions; question++)
        {
            Name(packet, ref at);
            at += 4;
        }

        var (addresses, pointers, ttls) = (new List<string>(), new List<string>(), new List<uint>());
        for (var record = 0; record < answers; record++)
        {
            Name(packet, ref at);
            var type = BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
            ttls.Add(BinaryPrimitives.ReadUInt32BigEndian(packet[(at + 4)..]));
            var length = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 8)..]);
            at += 10;
            var data = at;
            if (type == 1) addresses.Add(new IPAddress(packet.Slice(at, length)).ToString());
            if (type == 12) pointers.Add(Name(packet, ref data));
            at += length;
        }

        return new Answer(BinaryPrimitives.ReadUInt16BigEndian(packet), packet[3] & 15, (packet[2] & 2) != 0, addresses, pointers, ttls, packet.Length, BinaryPrimitives.ReadUInt16BigEndian(packet[10..]));
    }

    private static string Name(ReadOnlySpan<byte> packet, ref int at)
    {
        var labels = new List<string>();
        while (packet[at] != 0)
        {
            if ((packet[at] & 0xC0) == 0xC0)
            {
                var target = BinaryPrimitives.ReadUInt16BigEndian(packet[at..]) & 0x3FFF;
                at += 2;
                labels.Add(Name(packet, ref target));
                return string.Join('.', labels);
            }

            labels.Add(Encoding.ASCII.GetString(packet.Slice(at + 1, packet[at])));
            at += packet[at] + 1;
        }

        at++;
        return string.Join('.', labels);
    }

    internal sealed record Answer(ushort Id, int Code, bool IsTruncated, List<string> Addresses, List<string> Pointers, List<uint> Ttls, int Length, int Additional);
}
