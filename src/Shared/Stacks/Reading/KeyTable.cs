using System.Collections;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks.Reading;

/// <summary>
/// The keys one kind of mapping may have, each with what it does to the record being filled.
/// Keys Compose knows and we do not are refused by name; others are taken for typing errors; <c>x-</c> keys are nobody's.
/// </summary>
internal sealed class KeyTable<T>(params string[] notSupported) : IEnumerable<string>
{
    /// <summary>A longer list hides the message it belongs to.</summary>
    private const int MaxListed = 12;

    private readonly Dictionary<string, Func<T, Value, T>> _keys = new(StringComparer.Ordinal);

    /// <summary>Keys that Compose has and this program does not have yet.</summary>
    public IReadOnlyList<string> NotSupported { get; } = notSupported;

    /// <summary>Known keys, in the order of the table.</summary>
    public IEnumerable<string> Keys => _keys.Keys;

    /// <summary>Reads a value that must be a mapping.</summary>
    public T Read(Value value, T into)
    {
        foreach (var (key, child) in value.Entries())
        {
            if (_keys.TryGetValue(key.Text, out var apply))
                into = apply(into, child);
            else if (!key.Text.StartsWith("x-", StringComparison.Ordinal))
                Refuse(key, child);
        }

        return into;
    }

    public void Add(string key, Func<T, Value, T> apply) => _keys.Add(key, apply);

    /// <summary>The keys of another table, for a part of the record.</summary>
    public void AddRange<TPart>(KeyTable<TPart> part, Func<T, TPart> get, Func<T, TPart, T> set)
    {
        foreach (var (key, apply) in part._keys)
            _keys.Add(key, (whole, value) => set(whole, apply(get(whole), value)));
    }

    public IEnumerator<string> GetEnumerator() => _keys.Keys.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Refuse(Node.Scalar key, Value child)
    {
        var diagnostics = child.Context.Diagnostics;
        if (NotSupported.Contains(key.Text, StringComparer.Ordinal))
        {
            diagnostics.Error(key.Place, child.Path, $"`{key.Text}` is not supported yet", "remove it; docs/stack-file.md lists the supported keys");
            return;
        }

        var remedy = Spelling.Nearest(key.Text, _keys.Keys.Concat(NotSupported)) is { } near
            ? $"did you mean {near}?"
            : _keys.Count > MaxListed ? "docs/stack-file.md lists the supported keys"
            : $"known keys: {string.Join(", ", _keys.Keys.Order(StringComparer.Ordinal))}";
        diagnostics.Error(key.Place, child.Path, $"`{key.Text}` is not a known key", remedy);
    }
}
