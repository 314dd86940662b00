using System.Collections.Immutable;

namespace Orchestrator.Agent.Names;

/// <summary>The name servers of this host: one on each of its gateway addresses, all with one table.</summary>
internal interface INameServers : IAsyncDisposable
{
    /// <summary>Every answer from now on is this table's.</summary>
    void Show(NameTable table);

    /// <summary>Have servers on these addresses and no others.</summary>
    /// <returns>What could not be had, in words; empty when all is well.</returns>
    ImmutableArray<string> Serve(ImmutableSortedSet<string> addresses);
}
