using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Store;

namespace Orchestrator.Changes;

/// <summary>Where a stack's records are in the store.</summary>
/// <param name="isShared">Another process writes to it: nothing of it is remembered.</param>
internal sealed class StackStore(IStore entries, bool isShared = false)
{
    /// <summary>Stacks that have a head, and, until the list has been read once, those that have none any more. Written by every stack's actor.</summary>
    private readonly ConcurrentDictionary<string, bool> names = new(StringComparer.Ordinal);
    private volatile bool isListed;

    /// <summary>Revisions kept for history and rollback; older ones go.</summary>
    private const int RevisionsMax = 50;

    private const string Stacks = "stacks/";
    private const string Tombstones = "removed/";

    public IStore Entries { get; } = entries;

    /// <summary>From memory: every head is written through here, and whoever follows events asks twice a second.</summary>
    public async Task<ImmutableArray<string>> NamesAsync()
    {
        if (!isListed)
        {
            var found = await Entries.ListAsync(Stacks, CancellationToken.None);
            ImmutableArray<string> listed = [.. found.Where(e => e.Key.EndsWith("/head", StringComparison.Ordinal)).Select(e => e.Key[Stacks.Length..^"/head".Length])];
            if (isShared)
            {
                return listed;
            }
            foreach (var name in listed)
            {
                names.TryAdd(name, true);
            }
            isListed = true;
        }
        return [.. names.Where(n => n.Value).Select(n => n.Key).Order(StringComparer.Ordinal)];
    }

    public async Task<StoredStack> LoadAsync(string stack)
    {
        var head = await Entries.GetAsync(HeadKey(stack), CancellationToken.None);
        var revisions = await Entries.ListAsync(RevisionPrefix(stack), CancellationToken.None);
        var active = await Entries.GetAsync(ActiveKey(stack), CancellationToken.None);
        var last = await Entries.GetAsync(LastKey(stack), CancellationToken.None);
        return new StoredStack(
            head is null ? null : JsonSerializer.Deserialize(head.Value, StoreJson.Default.StackHead),
            [.. revisions.Select(e => JsonSerializer.Deserialize(e.Value, StoreJson.Default.StackRevision)!).OrderByDescending(r => r.Number)],
            active is null ? null : JsonSerializer.Deserialize(active.Value, StoreJson.Default.ChangeRecord),
            last is null ? null : JsonSerializer.Deserialize(last.Value, StoreJson.Default.ChangeRecord));
    }

    /// <summary>Revisions past what is kept; never the current one, the one it is gone back from to and those that its services stand in, the newest good one, and those that a change under way comes from and goes back to.</summary>
    /// <param name="change">Null when none is under way.</param>
    public static ImmutableArray<int> Surplus(ImmutableArray<StackRevision> newestFirst, StackHead head, ChangeRecord? change)
    {
        var current = newestFirst.FirstOrDefault(r => r.Number == head.Current);
        int?[] needed = [head.Current, current?.GoodBase, newestFirst.FirstOrDefault(r => r.WasGood)?.Number, change?.RollbackRevision, change?.Plan.BaseRevision, change?.Plan.TargetRevision];
        return [.. newestFirst.Skip(RevisionsMax).Select(r => r.Number).Where(n => !needed.Contains(n) && !head.Unpromoted.ContainsValue(n) && current?.Stands?.ContainsValue(n) != true)];
    }

    /// <summary>One transaction. A change that has ended takes its journal with it.</summary>
    /// <param name="events">What of the stack's events is committed with it.</param>
    public async Task SaveAsync(StackHead head, ImmutableArray<StackRevision> revisions, ChangeRecord? change, ImmutableArray<int> dropped, ImmutableArray<StoreChange> events = default)
    {
        var stack = head.Stack;
        var puts = ImmutableArray.CreateBuilder<StoreChange>();
        puts.Add(new StoreChange.Put(HeadKey(stack), JsonSerializer.Serialize(head, StoreJson.Default.StackHead)));
        puts.AddRange(revisions.Select(r => new StoreChange.Put(RevisionKey(stack, r.Number), JsonSerializer.Serialize(r, StoreJson.Default.StackRevision))));
        puts.AddRange(dropped.Select(n => new StoreChange.Delete(RevisionKey(stack, n))));
        if (change is not null)
        {
            var json = JsonSerializer.Serialize(change, StoreJson.Default.ChangeRecord);
            if (change.Outcome is null)
            {
                puts.Add(new StoreChange.Put(ActiveKey(stack), json));
            }
            else
            {
                puts.Add(new StoreChange.Put(LastKey(stack), json));
                puts.Add(new StoreChange.Delete(ActiveKey(stack)));
                puts.Add(new StoreChange.DeletePrefix(JournalPrefix(stack)));
            }
        }
        if (!events.IsDefault)
        {
            puts.AddRange(events);
        }
        await Entries.CommitAsync(puts.ToImmutable(), CancellationToken.None);
        names[stack] = true;
    }

    /// <summary>Oldest first.</summary>
    public async Task<ImmutableArray<StackEvent>> EventsAsync(string stack)
    {
        var found = await Entries.ListAsync(EventPrefix(stack), CancellationToken.None);
        return [.. found.Select(e => JsonSerializer.Deserialize(e.Value, StoreJson.Default.StackEvent)!)];
    }

    public static StoreChange PutEvent(string stack, StackEvent happened) => new StoreChange.Put(EventKey(stack, happened.Number), JsonSerializer.Serialize(happened, StoreJson.Default.StackEvent));

    public static StoreChange DeleteEvent(string stack, long number) => new StoreChange.Delete(EventKey(stack, number));

    /// <summary>The stack is gone but for hosts that did not answer: those are remembered until they do.</summary>
    public async Task DeleteAsync(string stack, ImmutableArray<string> networks, ImmutableArray<string> volumes, ImmutableArray<string> unreachable)
    {
        var left = volumes.IsEmpty ? string.Join(' ', networks) : $"{string.Join(' ', networks)}\n{string.Join(' ', volumes)}";
        await Entries.CommitAsync(
            [new StoreChange.DeletePrefix($"{Stacks}{stack}/"), .. unreachable.Select(h => new StoreChange.Put($"{Tombstones}{h}/{stack}", left))],
            CancellationToken.None);
        if (isListed)
        {
            names.TryRemove(stack, out _);
        }
        else
        {
            names[stack] = false;
        }
    }

    /// <summary>Stacks that were removed while the host was away.</summary>
    public async Task<ImmutableArray<(string Stack, ImmutableArray<string> Networks, ImmutableArray<string> Volumes)>> TombstonesAsync(string host)
    {
        var prefix = $"{Tombstones}{host}/";
        var found = await Entries.ListAsync(prefix, CancellationToken.None);
        return [.. found.Select(e => (e.Key[prefix.Length..], NamesOf(e.Value, line: 0), NamesOf(e.Value, line: 1)))];

        // Engine names have no blanks. Without volumes, and from an earlier release, there is one line.
        static ImmutableArray<string> NamesOf(string left, int line) => [.. (left.Split('\n').ElementAtOrDefault(line) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    /// <summary>Some host has yet to clear the stack away.</summary>
    public async Task<bool> HasTombstoneAsync(string stack) =>
        (await Entries.ListAsync(Tombstones, CancellationToken.None)).Any(e => e.Key.EndsWith($"/{stack}", StringComparison.Ordinal));

    public Task DeleteTombstoneAsync(string host, string stack) => Entries.CommitAsync([new StoreChange.Delete($"{Tombstones}{host}/{stack}")], CancellationToken.None);

    private static string HeadKey(string stack) => $"{Stacks}{stack}/head";

    private static string ActiveKey(string stack) => $"{Stacks}{stack}/active";

    private static string LastKey(string stack) => $"{Stacks}{stack}/last";

    private static string JournalPrefix(string stack) => $"{Stacks}{stack}/journal/";

    private static string EventPrefix(string stack) => $"{Stacks}{stack}/events/";

    private static string EventKey(string stack, long number) => EventPrefix(stack) + number.ToString("D12", CultureInfo.InvariantCulture);

    private static string RevisionPrefix(string stack) => $"{Stacks}{stack}/revisions/";

    private static string RevisionKey(string stack, int number) => RevisionPrefix(stack) + number.ToString("D8", CultureInfo.InvariantCulture);
}

/// <param name="Revisions">Newest first.</param>
/// <param name="Last">The change that ended last.</param>
internal sealed record StoredStack(StackHead? Head, ImmutableArray<StackRevision> Revisions, ChangeRecord? Active, ChangeRecord? Last);
