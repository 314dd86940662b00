using System.Collections.Immutable;

namespace Orchestrator.Agent.Names;

/// <summary>The name servers of this host: one on each of its gateway addresses, all with one table.</summary>
internal interface INameServers : IAsyncDisposable
{
    /// <summary>Every answer from now on is this table's.</summary>
    void Show(NameTable table);

    /// <summary>When an answer last named one of these addresses; null when none has within the last <see cref="DnsReply.Ttl"/>. What the table has no more is named by no later answer.</summary>
    DateTimeOffset? LastTold(IEnumerable<string> addresses);

    /// <summary>Have servers on these addresses and no others.</summary>
    /// <returns>What could not be had, in words; empty when all is well.</returns>
    ImmutableArray<string> Serve(ImmutableSortedSet<string> addresses);
}
