using Orchestrator.Store;

namespace Orchestrator.Tests.Store;

/// <summary>What every store keeps to.</summary>
public abstract class StoreContract
{
    protected abstract IStore Open();

    [Fact]
    public async Task Committed_values_are_listed_by_prefix_in_order()
    {
        await using var store = Open();
        await store.CommitAsync([new StoreChange.Put("a/2", "two"), new StoreChange.Put("a/1", "one"), new StoreChange.Put("ab", "no"), new StoreChange.Put("b/1", "no")], default);

        Assert.Equal(["one", "two"], (await store.ListAsync("a/", default)).Select(e => e.Value));
        Assert.Null(await store.GetAsync("a/3", default));
    }

    [Fact]
    public async Task Conflict_undoes_the_whole_commit()
    {
        await using var store = Open();
        await store.CommitAsync([new StoreChange.Put("k", "first", 0)], default);
        var revision = (await store.GetAsync("k", default))!.Revision;

        await Assert.ThrowsAsync<StoreConflictException>(() => store.CommitAsync([new StoreChange.Put("other", "x"), new StoreChange.Put("k", "again", 0)], default));
        Assert.Null(await store.GetAsync("other", default));

        await store.CommitAsync([new StoreChange.Put("k", "second", revision)], default);
        Assert.Equal("second", (await store.GetAsync("k", default))!.Value);
        await Assert.ThrowsAsync<StoreConflictException>(() => store.CommitAsync([new StoreChange.Put("k", "stale", revision)], default));
    }

    [Fact]
    public async Task Deleting_a_prefix_leaves_its_neighbours()
    {
        await using var store = Open();
        await store.CommitAsync([new StoreChange.Put("s/a/1", "x"), new StoreChange.Put("s/a/2", "x"), new StoreChange.Put("s/ab/1", "kept"), new StoreChange.Put("s/b", "x")], default);
        await store.CommitAsync([new StoreChange.DeletePrefix("s/a/"), new StoreChange.Delete("s/b"), new StoreChange.Delete("nothing")], default);

        Assert.Equal("kept", Assert.Single(await store.ListAsync("s/", default)).Value);
    }
}

public sealed class MemoryStoreTests : StoreContract
{
    protected override IStore Open() => new MemoryStore();
}

public sealed class SqliteStoreTests : StoreContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("orchestrator-store").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Values_outlive_the_store_and_only_their_owner_may_read_them()
    {
        var path = Path.Combine(folder, "kept.db");
        await using (var store = SqliteStore.Open(path))
        {
            await store.CommitAsync([new StoreChange.Put("k", "v")], default);
        }
        await using var again = SqliteStore.Open(path);
        Assert.Equal("v", (await again.GetAsync("k", default))!.Value);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    protected override IStore Open() => SqliteStore.Open(Path.Combine(folder, "state.db"));
}
