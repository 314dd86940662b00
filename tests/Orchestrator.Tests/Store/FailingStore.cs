using System.Collections.Immutable;
using Orchestrator.Store;

namespace Orchestrator.Tests.Store;

/// <summary>Refuses its next <see cref="Failures"/> commits and <see cref="FailedReads"/> reads.</summary>
internal sealed class FailingStore : IStore
{
    private readonly MemoryStore kept = new();
    private int failures;
    private int failedReads;

    public int Failures { set => Volatile.Write(ref failures, value); }

    public int FailedReads { set => Volatile.Write(ref failedReads, value); }

    /// <summary>Of the reads that were tried.</summary>
    public int Reads { get; private set; }

    public Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation) => IsRead() ? kept.GetAsync(key, cancellation) : Task.FromException<StoreEntry?>(Unreadable());

    public Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation) => IsRead() ? kept.ListAsync(prefix, cancellation) : Task.FromException<ImmutableArray<StoreEntry>>(Unreadable());

    public Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation) =>
        Interlocked.Decrement(ref failures) >= 0 ? Task.FromException(new IOException("the disk is full")) : kept.CommitAsync(changes, cancellation);

    public ValueTask DisposeAsync() => kept.DisposeAsync();

    private bool IsRead()
    {
        Reads++;
        return Interlocked.Decrement(ref failedReads) < 0;
    }

    private static IOException Unreadable() => new("the disk cannot be read");
}
