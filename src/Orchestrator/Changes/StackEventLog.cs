using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Store;

namespace Orchestrator.Changes;

/// <summary>A stack's last events, in memory and in the store; what leaves the one leaves the other with the same commit.</summary>
internal sealed class StackEventLog(string stack)
{
    /// <summary>Some hundred replica swaps, a few hundred kilobytes.</summary>
    public const int KeptMax = 1_000;

    private readonly Queue<StackEvent> kept = new();
    private readonly List<StackEvent> unsaved = [];
    private long last;

    public long Last => last;

    public bool HasUnsaved => unsaved.Count > 0;

    public void Load(IEnumerable<StackEvent> stored)
    {
        kept.Clear();
        foreach (var happened in stored)
        {
            kept.Enqueue(happened);
            last = happened.Number;
        }
    }

    public StackEvent Add(StackEvent happened)
    {
        var numbered = happened with { Number = ++last, Stack = stack };
        kept.Enqueue(numbered);
        unsaved.Add(numbered);
        while (kept.Count > KeptMax)
        {
            kept.Dequeue();
        }
        return numbered;
    }

    /// <summary>For the next commit: what is new, and the removal of what is too old. They count as saved from here on.</summary>
    public ImmutableArray<StoreChange> Take()
    {
        ImmutableArray<StoreChange> changes =
        [
            .. unsaved.Select(e => StackStore.PutEvent(stack, e)),
            .. unsaved.Where(e => e.Number > KeptMax).Select(e => StackStore.DeleteEvent(stack, e.Number - KeptMax)),
        ];
        unsaved.Clear();
        return changes;
    }

    /// <summary>The stack is gone, and what is not saved with it.</summary>
    public void Clear()
    {
        kept.Clear();
        unsaved.Clear();
    }

    /// <param name="mark">Of another log, of the stack before its removal, it says nothing: then all of them.</param>
    public ImmutableArray<StackEvent> After(EventMark mark, DateTimeOffset? since)
    {
        var isOurs = mark.Number <= last && kept.Where(e => e.Number == mark.Number).All(e => e.At == mark.At);
        var number = isOurs ? mark.Number : 0;
        return [.. kept.Where(e => e.Number > number && (since is null || e.At >= since))];
    }
}
