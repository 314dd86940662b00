using System.Net;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Names;

/// <summary>From a packet to its answer, or to the decision that others are to answer. The table is replaced while questions are answered.</summary>
internal sealed class NameResponder(Random random, TimeProvider time)
{
    private const ushort Internet = 1;

    /// <summary>Held from the look at the table until what is answered from it is noted, so that nothing is answered from a table that is gone.</summary>
    private readonly Lock _gate = new();

    /// <summary>Address → when it was last answered. No more of them than this and the last tables have.</summary>
    private readonly Dictionary<uint, DateTimeOffset> _told = [];

    private NameTable _table = NameTable.Empty;

    public void Show(NameTable table)
    {
        lock (_gate)
        {
            _table = table;
            var expired = time.GetUtcNow() - DnsReply.Ttl;
            foreach (var (address, _) in _told.Where(t => t.Value < expired).ToArray()) _told.Remove(address);
        }
    }

    public DateTimeOffset? LastTold(IEnumerable<string> addresses)
    {
        lock (_gate)
        {
            return addresses.Select(Ipv4Block.Number).Max(a => a is { } number && _told.TryGetValue(number, out var at) ? at : (DateTimeOffset?)null);
        }
    }

    /// <param name="limit">The longest answer; null: what the client takes over UDP.</param>
    public NameResponse Respond(ReadOnlyMemory<byte> packet, IPAddress asker, int? limit)
    {
        if (DnsQuery.Read(packet, out var code) is not { } query) return NameResponse.None;
        if (code != DnsCode.NoError) return new NameResponse(DnsReply.Empty(query, code), null);
        if (Ipv4Block.Number(asker) is not { } address) return new NameResponse(DnsReply.Empty(query, DnsCode.Refused), null);
        var size = limit ?? DnsReply.UdpLimit(query);
        var reply = Answer(address, query) switch
        {
            NameAnswer.Refused => DnsReply.Empty(query, DnsCode.Refused),
            NameAnswer.Elsewhere => null,
            _ when query.Class != Internet => null,
            NameAnswer.NoSuchName => DnsReply.Empty(query, DnsCode.NoSuchName),
            NameAnswer.Pointer pointer => DnsReply.Pointer(query, pointer.Name, size),
            NameAnswer.Known known when query.Type is DnsType.A or DnsType.Any => DnsReply.Addresses(query, known.Addresses, size),

            // A name of ours without records of this kind, AAAA above all: empty, so that the client takes the others at once.
            NameAnswer.Known => DnsReply.Empty(query, DnsCode.NoError),
            var other => throw new InvalidOperationException($"no answer: {other}"),
        };
        return new NameResponse(reply, reply is null ? query : null);
    }

    private NameAnswer Answer(uint asker, DnsQuery query)
    {
        lock (_gate)
        {
            var found = _table.Find(asker, query.Name, query.Type);
            if (found is not NameAnswer.Known { Addresses: { IsEmpty: false } addresses }) return found;
            var now = time.GetUtcNow();
            foreach (var address in addresses) _told[address] = now;
            if (addresses.Length < 2) return found;
            var mixed = addresses.ToArray();
            random.Shuffle(mixed);
            return new NameAnswer.Known([.. mixed]);
        }
    }
}

/// <param name="Reply">To be sent as it is.</param>
/// <param name="Forward">To be asked elsewhere. With neither nothing is answered.</param>
internal sealed record NameResponse(byte[]? Reply, DnsQuery? Forward)
{
    public static NameResponse None { get; } = new(null, null);
}
