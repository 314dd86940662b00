using System.Collections.Immutable;
using System.Net;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Names;

/// <summary>From a packet to its answer, or to the decision that others are to answer. The table is replaced while questions are answered.</summary>
internal sealed class NameResponder(Random random)
{
    private const ushort Internet = 1;

    private readonly Lock _gate = new();
    private volatile NameTable _table = NameTable.Empty;

    public void Show(NameTable table) => _table = table;

    /// <param name="limit">The longest answer; null: what the client takes over UDP.</param>
    public NameResponse Respond(ReadOnlyMemory<byte> packet, IPAddress asker, int? limit)
    {
        if (DnsQuery.Read(packet, out var code) is not { } query) return NameResponse.None;
        if (code != DnsCode.NoError) return new NameResponse(DnsReply.Empty(query, code), null);
        if (Ipv4Block.Number(asker) is not { } address) return new NameResponse(DnsReply.Empty(query, DnsCode.Refused), null);
        var size = limit ?? DnsReply.UdpLimit(query);
        var reply = _table.Find(address, query.Name, query.Type) switch
        {
            NameAnswer.Refused => DnsReply.Empty(query, DnsCode.Refused),
            NameAnswer.Elsewhere => null,
            _ when query.Class != Internet => null,
            NameAnswer.NoSuchName => DnsReply.Empty(query, DnsCode.NoSuchName),
            NameAnswer.Pointer pointer => DnsReply.Pointer(query, pointer.Name, size),
            NameAnswer.Known known when query.Type is DnsType.A or DnsType.Any => DnsReply.Addresses(query, Shuffled(known.Addresses), size),

            // A name of ours without records of this kind, AAAA above all: empty, so that the client takes the others at once.
            NameAnswer.Known => DnsReply.Empty(query, DnsCode.NoError),
            var other => throw new InvalidOperationException($"no answer: {other}"),
        };
        return new NameResponse(reply, reply is null ? query : null);
    }

    private ImmutableArray<uint> Shuffled(ImmutableArray<uint> addresses)
    {
        if (addresses.Length < 2) return addresses;
        var mixed = addresses.ToArray();
        lock (_gate) random.Shuffle(mixed);
        return [.. mixed];
    }
}

/// <param name="Reply">To be sent as it is.</param>
/// <param name="Forward">To be asked elsewhere. With neither nothing is answered.</param>
internal sealed record NameResponse(byte[]? Reply, DnsQuery? Forward)
{
    public static NameResponse None { get; } = new(null, null);
}
