using System.Collections.Immutable;
using Orchestrator.Agent.Names;

namespace Orchestrator.Agent.Tests.Names;

/// <summary>No sockets.</summary>
internal sealed class FakeNameServers : INameServers
{
    public NameTable Table { get; private set; } = NameTable.Empty;

    public ImmutableSortedSet<string> Addresses { get; private set; } = [];

    public ImmutableArray<string> Problems { get; set; } = [];

    /// <summary>By address.</summary>
    public Dictionary<string, DateTimeOffset> Told { get; } = [];

    public void Show(NameTable table) => Table = table;

    public DateTimeOffset? LastTold(IEnumerable<string> addresses) => addresses.Max(a => Told.TryGetValue(a, out var at) ? at : (DateTimeOffset?)null);

    public ImmutableArray<string> Serve(ImmutableSortedSet<string> addresses)
    {
        Addresses = addresses;
        return Problems;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
