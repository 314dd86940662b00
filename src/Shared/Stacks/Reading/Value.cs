using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks.Reading;

/// <summary>
/// A node with its path, cast on demand to what its place asks for. A cast that fails reports and answers null (or empty);
/// the caller keeps its default and goes on, so that one run finds every error.
/// </summary>
internal sealed class Value(Node node, string path, LoadContext context)
{
    public Node Node { get; } = node;

    public string Path { get; } = path;

    public LoadContext Context { get; } = context;

    public bool IsNull => Node is Node.Scalar { Kind: ScalarKind.Null };

    public bool IsList => Node is Node.List;

    public bool IsMap => Node is Node.Map;

    public bool IsScalar => Node is Node.Scalar { Kind: not ScalarKind.Null };

    public void Error(string message, string? remedy = null) => Context.Diagnostics.Error(Node.Place, Path, message, remedy);

    public void Warn(string message, string? remedy = null) => Context.Diagnostics.Warn(Node.Place, Path, message, remedy);

    public Value At(string key, Node child) => new(child, Paths.Key(Path, key), Context);

    public Value? Find(string key) => Node is Node.Map map && map.Find(key) is { } child ? At(key, child) : null;

    /// <summary>The key itself, for messages about its being there.</summary>
    public Value? KeyOf(string key)
    {
        if (Node is not Node.Map map)
            return null;
        foreach (var entry in map.Entries)
        {
            if (entry.Key.Text == key)
                return At(key, entry.Key);
        }

        return null;
    }

    /// <summary>Text in the strict sense: <c>image: 5</c> is an error, because <c>1.10</c> would silently become 1.1 elsewhere.</summary>
    public string? String()
    {
        if (Node is Node.Scalar { Kind: ScalarKind.Text } scalar)
            return scalar.Text;
        WrongKind("text");
        return null;
    }

    /// <summary>Text or a number or a boolean, as it is written.</summary>
    public string? ScalarText()
    {
        if (Node is Node.Scalar { Kind: not ScalarKind.Null } scalar)
            return scalar.Text;
        WrongKind("text");
        return null;
    }

    public bool? Bool()
    {
        if (Node is not Node.Scalar { Kind: ScalarKind.Boolean or ScalarKind.Text } scalar)
        {
            WrongKind("true or false");
            return null;
        }

        switch (scalar.Text.ToLowerInvariant())
        {
            case "true":
                return true;
            case "false":
                return false;
            case "yes" or "y" or "on" or "t" or "1":
                Warn($"`{scalar.Text}` is text in YAML 1.2; it is taken for true", "write true");
                return true;
            case "no" or "n" or "off" or "f" or "0":
                Warn($"`{scalar.Text}` is text in YAML 1.2; it is taken for false", "write false");
                return false;
            default:
                Error($"must be true or false, but is `{scalar.Text}`");
                return null;
        }
    }

    public int? Int(int min, int max = int.MaxValue) => (int?)Long(min, max);

    public long? Long(long min, long max = long.MaxValue)
    {
        if (Node is Node.Scalar { Kind: ScalarKind.Integer or ScalarKind.Text } scalar
            && long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            if (number >= min && number <= max)
                return number;
            Error(max is int.MaxValue or long.MaxValue ? $"must be at least {min}, but is {number}" : $"must be from {min} to {max}, but is {number}");
            return null;
        }

        WrongKind("a whole number");
        return null;
    }

    public decimal? Decimal(decimal min, decimal max)
    {
        if (Node is Node.Scalar { Kind: ScalarKind.Integer or ScalarKind.Float or ScalarKind.Text } scalar
            && decimal.TryParse(scalar.Text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            if (number >= min && number <= max)
                return Normalised(number);
            Error($"must be from {min.ToString(CultureInfo.InvariantCulture)} to {max.ToString(CultureInfo.InvariantCulture)}, but is {scalar.Text}");
            return null;
        }

        WrongKind("a number");
        return null;
    }

    public TimeSpan? Duration()
    {
        if (Node is not Node.Scalar { Kind: ScalarKind.Text or ScalarKind.Integer or ScalarKind.Float } scalar)
        {
            WrongKind("a duration such as 10s");
            return null;
        }

        var duration = Units.Duration(scalar.Text, out var why);
        if (duration is null)
            Error(why);
        return duration;
    }

    public long? Bytes()
    {
        if (Node is not Node.Scalar { Kind: ScalarKind.Text or ScalarKind.Integer or ScalarKind.Float } scalar)
        {
            WrongKind("a size such as 512m");
            return null;
        }

        var bytes = Units.Bytes(scalar.Text, out var why);
        if (bytes is null)
            Error(why);
        return bytes;
    }

    /// <summary>One of a few words.</summary>
    public T? OneOf<T>(params ReadOnlySpan<(string Word, T Meaning)> words)
        where T : struct
    {
        if (String() is not { } text)
            return null;
        var known = new List<string>();
        foreach (var (word, meaning) in words)
        {
            if (word == text)
                return meaning;
            known.Add(word);
        }

        Error($"must be one of {string.Join(", ", known)}, but is `{text}`", Spelling.Nearest(text, known) is { } near ? $"did you mean {near}?" : null);
        return null;
    }

    public IReadOnlyList<Value> Items()
    {
        if (Node is Node.List list)
            return [.. list.Items.Select((item, i) => new Value(item, $"{Path}[{i}]", Context))];
        WrongKind("a list");
        return [];
    }

    public IReadOnlyList<(Node.Scalar Key, Value Value)> Entries()
    {
        if (Node is Node.Map map)
            return [.. map.Entries.Select(e => (e.Key, At(e.Key.Text, e.Value)))];
        WrongKind("a mapping");
        return [];
    }

    public ImmutableArray<string> Strings() => [.. Items().Select(i => i.String()).OfType<string>()];

    public ImmutableArray<string> StringOrStrings() => IsScalar ? [.. new[] { String() }.OfType<string>()] : Strings();

    /// <summary>A command: text is split as a shell splits words, without running one. Null when the file says null.</summary>
    public ImmutableArray<string>? Words()
    {
        if (IsNull)
            return null;
        if (Node is not Node.Scalar)
            return Strings();
        if (String() is not { } text)
            return null;
        if (ShellWords.Split(text) is { } words)
            return words;
        Error("a quote in this command is not closed", "close it, or write the command as a list: [\"program\", \"argument\"]");
        return null;
    }

    /// <summary>A mapping, or a list of <c>key=value</c>. A null value is <c>key</c> alone.</summary>
    public ImmutableArray<(string Key, string? Text, Value Value)> KeyValues()
    {
        if (IsMap)
        {
            return
            [
                .. Entries()
                    .Where(e => e.Value.IsNull || e.Value.IsScalar || e.Value.ScalarText() is not null)
                    .Select(e => (e.Key.Text, e.Value.IsNull ? null : e.Value.ScalarText(), e.Value)),
            ];
        }

        if (!IsList)
        {
            WrongKind("a mapping or a list of KEY=value");
            return [];
        }

        var pairs = ImmutableArray.CreateBuilder<(string, string?, Value)>();
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        foreach (var item in Items())
        {
            if (item.String() is not { } text)
                continue;
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? text : text[..equals];
            if (key.Length == 0)
                item.Error("the name before `=` is missing", "write NAME=value");
            else if (!places.TryAdd(key, item.Node.Place))
                item.Error($"{key} is here twice: it is already at {places[key]}", "remove one of them");
            else
                pairs.Add((key, equals < 0 ? null : text[(equals + 1)..], item));
        }

        return pairs.ToImmutable();
    }

    /// <summary>As <see cref="KeyValues"/>, where a key alone means an empty text.</summary>
    public ImmutableSortedDictionary<string, string> StringMap() =>
        KeyValues().ToImmutableSortedDictionary(p => p.Key, p => p.Text ?? "", StringComparer.Ordinal);

    public void WrongKind(string expected)
    {
        var remedy = Node switch
        {
            Node.Scalar { Kind: ScalarKind.Null } => "give it a value, or remove the key",
            Node.List when expected == "a mapping" => "write `name:` lines in place of the `- ` items",
            Node.Scalar { Kind: not ScalarKind.Text } s when expected == "text" => $"put it in quotes: \"{s.Text}\"",
            _ => null,
        };
        var found = Node is Node.Scalar { Kind: ScalarKind.Text } text ? $"`{text.Text}`" : Node.Describe();
        Error($"must be {expected}, but is {found}", remedy);
    }

    // 0.50 and 0.5 are one number; equal specs must serialise to equal bytes.
    private static decimal Normalised(decimal number) => number / 1.0000000000000000000000000000m;
}
