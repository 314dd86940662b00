using System.Collections.Immutable;
using Orchestrator.Store;

namespace Orchestrator.Tests.Store;

/// <summary>Refuses its next <see cref="Failures"/> commits.</summary>
internal sealed class FailingStore : IStore
{
    private readonly MemoryStore kept = new();
    private int failures;

    public int Failures { set => Volatile.Write(ref failures, value); }

    public Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation) => kept.GetAsync(key, cancellation);

    public Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation) => kept.ListAsync(prefix, cancellation);

    public Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation) =>
        Interlocked.Decrement(ref failures) >= 0 ? Task.FromException(new IOException("the disk is full")) : kept.CommitAsync(changes, cancellation);

    public ValueTask DisposeAsync() => kept.DisposeAsync();
}
