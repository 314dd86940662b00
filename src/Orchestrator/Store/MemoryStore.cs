using System.Collections.Immutable;

namespace Orchestrator.Store;

/// <summary>A store that ends with the process: for simulation and tests; it passes the same contract suite as the durable ones.</summary>
public sealed class MemoryStore : IStore
{
    private readonly Lock gate = new();
    private ImmutableSortedDictionary<string, StoreEntry> entries = ImmutableSortedDictionary.Create<string, StoreEntry>(StringComparer.Ordinal);
    private long revision;

    public Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation)
    {
        lock (gate)
        {
            return Task.FromResult(entries.GetValueOrDefault(key));
        }
    }

    public Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation)
    {
        lock (gate)
        {
            return Task.FromResult(entries.Values.Where(e => e.Key.StartsWith(prefix, StringComparison.Ordinal)).ToImmutableArray());
        }
    }

    public Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation)
    {
        lock (gate)
        {
            var next = entries;
            foreach (var change in changes)
            {
                next = Apply(next, change, revision + 1);
            }
            entries = next;
            revision++;
            return Task.CompletedTask;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static ImmutableSortedDictionary<string, StoreEntry> Apply(ImmutableSortedDictionary<string, StoreEntry> entries, StoreChange change, long revision)
    {
        switch (change)
        {
            case StoreChange.Put put:
                var actual = entries.GetValueOrDefault(put.Key)?.Revision ?? 0;
                return put.ExpectedRevision is { } expected && expected != actual
                    ? throw new StoreConflictException(put.Key, expected, actual)
                    : entries.SetItem(put.Key, new StoreEntry(put.Key, put.Value, revision));
            case StoreChange.Delete delete:
                return entries.Remove(delete.Key);
            case StoreChange.DeletePrefix delete:
                return entries.RemoveRange(entries.Keys.Where(k => k.StartsWith(delete.Key, StringComparison.Ordinal)));
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "no such store change");
        }
    }
}
