using System.Collections.Immutable;

namespace Orchestrator.Store;

/// <summary>Keys with values and revisions: what a coordinator must not forget. Keys are paths such as <c>stacks/hello/head</c>.</summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Null when there is no such key.</summary>
    Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation);

    /// <summary>Sorted by key, ordinally.</summary>
    Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>All of the changes or none, durable on return. Throws <see cref="StoreConflictException"/> when an expected revision does not hold.</summary>
    Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation);
}

/// <param name="Revision">Counts the writes of the whole store; grows with each commit.</param>
public sealed record StoreEntry(string Key, string Value, long Revision);

public abstract record StoreChange(string Key)
{
    /// <param name="ExpectedRevision">0 = the key must not exist; null = whatever there is.</param>
    public sealed record Put(string Key, string Value, long? ExpectedRevision = null) : StoreChange(Key);

    /// <summary>No error when there is nothing.</summary>
    public sealed record Delete(string Key) : StoreChange(Key);

    public sealed record DeletePrefix(string Key) : StoreChange(Key);
}

/// <summary>Somebody else wrote in between: another coordinator leads, or two wrote the same key.</summary>
public sealed class StoreConflictException(string key, long? expected, long actual)
    : Exception($"store: {key} was expected at revision {expected}, it is at {actual}; another coordinator may be writing to the same store")
{
    public string Key { get; } = key;
}
