using System.Collections.Immutable;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>The store as one life of the coordinator sees it: what has been committed outlives it, and it may end at any commit, before its effect or after.</summary>
internal sealed class SimStore(World world, SimProcess process, IStore store) : IStore
{
    public Task<StoreEntry?> GetAsync(string key, CancellationToken cancellation) => CallAsync(() => store.GetAsync(key, cancellation), cancellation);

    public Task<ImmutableArray<StoreEntry>> ListAsync(string prefix, CancellationToken cancellation) => CallAsync(() => store.ListAsync(prefix, cancellation), cancellation);

    public Task CommitAsync(ImmutableArray<StoreChange> changes, CancellationToken cancellation) => CallAsync(
        async () =>
        {
            if (world.Coordinator.DiesAtCommit(process, isBefore: true)) return false;
            await store.CommitAsync(changes, cancellation);
            world.OnCommitted(changes);
            return !world.Coordinator.DiesAtCommit(process, isBefore: false);
        },
        cancellation);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        world.AssertThread();
        return process.CallAsync(
            async c =>
            {
                // Half of them go on at once, half after others have had a turn.
                if (world.Dice.Chance(0.5)) await Task.Delay(world.Dice.Between(TimeSpan.Zero, world.Options.StoreDelayMax), process.Clock, c);
                c.ThrowIfCancellationRequested();
                return await call();
            },
            cancellation);
    }
}
