namespace Orchestrator.Actors;

/// <summary>The children of one actor. Looked up from any thread (selections), changed by the parent's turn or the guardian's callers.</summary>
internal sealed class Children
{
    private readonly Lock _gate = new();
    // Enumerates in an order that depends on the history of calls alone, never on hash codes: runs must repeat.
    private readonly Dictionary<string, ChildEntry> _byName = new(StringComparer.Ordinal);
    private bool _closed;

    internal bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _byName.Count == 0;
            }
        }
    }

    internal bool AnyStopping
    {
        get
        {
            lock (_gate)
            {
                return _byName.Values.Any(c => c.Stopping);
            }
        }
    }

    internal void Add(LocalActorRef child)
    {
        lock (_gate)
        {
            if (_closed)
            {
                throw new InvalidOperationException(
                    $"Cannot create {child.Path}: its parent is stopping or has stopped. Create actors before the system is terminated.");
            }
            if (!_byName.TryAdd(child.Path.Name, new ChildEntry(child)))
            {
                throw new InvalidActorNameException(
                    $"Actor name \"{child.Path.Name}\" is not unique: {child.Path} lives. Choose another name, or wait for its Terminated.");
            }
        }
    }

    /// <summary>No further child can be added.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }

    internal ChildEntry? Find(string name)
    {
        lock (_gate)
        {
            return _byName.GetValueOrDefault(name);
        }
    }

    internal ChildEntry? Find(IActorRef child) =>
        Find(child.Path.Name) is { } entry && entry.Ref.Equals(child) ? entry : null;

    internal bool Remove(IActorRef child)
    {
        lock (_gate)
        {
            return _byName.TryGetValue(child.Path.Name, out var entry) && entry.Ref.Equals(child) && _byName.Remove(child.Path.Name);
        }
    }

    internal ChildEntry[] All()
    {
        lock (_gate)
        {
            return [.. _byName.Values];
        }
    }

    internal IEnumerable<LocalActorRef> Refs() => All().Select(c => c.Ref);
}
