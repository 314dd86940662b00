using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>Go's and confd's functions by name. A failure is a <see cref="FormatException"/>, to which the caller adds the place.</summary>
internal static class Functions
{
    private const int ListMax = 100_000;

    private static readonly FrozenDictionary<string, Entry> _all = new Dictionary<string, Entry>(StringComparer.Ordinal)
    {
        // Keys
        ["exists"] = new(1, 1, a => a.Context.Store.Keys.ContainsKey(a.String(0))),
        ["get"] = new(1, 1, a => new KeyValue(a.String(0), Value(a, null))),
        ["getv"] = new(1, 2, a => Value(a, a.Count > 1 ? a.String(1) : null)),
        ["gets"] = new(1, 1, a => ListOf(a.Context.Store.Matching(a.String(0)))),
        ["getvs"] = new(1, 1, a => ListOf(a.Context.Store.Matching(a.String(0)).Select(pair => pair.Value).Order(StringComparer.Ordinal))),
        ["ls"] = new(1, 1, a => ListOf(a.Context.Store.List(a.String(0)))),
        ["lsdir"] = new(1, 1, a => ListOf(a.Context.Store.ListFolders(a.String(0)))),

        // Strings
        ["base"] = new(1, 1, a => Base(a.String(0))),
        ["dir"] = new(1, 1, a => Folder(a.String(0))),
        ["split"] = new(2, 2, a => ListOf(a.String(1).Length == 0 ? a.String(0).EnumerateRunes().Select(r => r.ToString()) : a.String(0).Split(a.String(1)))),
        ["join"] = new(2, 2, a => string.Join(a.String(1), a.List(0).Select(Values.Text))),
        ["toUpper"] = new(1, 1, a => a.String(0).ToUpperInvariant()),
        ["toLower"] = new(1, 1, a => a.String(0).ToLowerInvariant()),
        ["contains"] = new(2, 2, a => a.String(0).Contains(a.String(1), StringComparison.Ordinal)),
        ["replace"] = new(4, 4, a => Replace(a.String(0), a.String(1), a.String(2), a.Whole(3))),
        ["trimSuffix"] = new(2, 2, a => a.String(1).Length > 0 && a.String(0).EndsWith(a.String(1), StringComparison.Ordinal) ? a.String(0)[..^a.String(1).Length] : a.String(0)),
        ["parseBool"] = new(1, 1, ParseBool),
        ["atoi"] = new(1, 1, a => long.TryParse(a.String(0), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw a.Error($"'{a.String(0)}' is no whole number")),
        ["base64Encode"] = new(1, 1, a => Convert.ToBase64String(Encoding.UTF8.GetBytes(a.String(0)))),
        ["base64Decode"] = new(1, 1, Decode),

        // Lists and maps
        ["reverse"] = new(1, 1, a => ListOf(a.List(0).Reverse())),
        ["sortByLength"] = new(1, 1, a => ListOf(a.List(0).OrderBy(value => (value as string ?? throw a.Wrong(0, "a list of strings")).Length))),
        ["sortKVByLength"] = new(1, 1, a => ListOf(a.List(0).OrderBy(value => (value as KeyValue ?? throw a.Wrong(0, "a list as gets gives it")).Key.Length))),
        ["seq"] = new(2, 2, Sequence),
        ["map"] = new(0, int.MaxValue, Map),
        ["json"] = new(1, 1, a => JsonValues.Read(a.String(0)) as IReadOnlyDictionary<string, object?> ?? throw a.Error("the text is no JSON object; jsonArray reads a list")),
        ["jsonArray"] = new(1, 1, a => JsonValues.Read(a.String(0)) as IReadOnlyList<object?> ?? throw a.Error("the text is no JSON array; json reads an object")),
        ["len"] = new(1, 1, Length),
        ["index"] = new(1, int.MaxValue, Index),

        // Numbers
        ["add"] = new(2, 2, a => Checked(a, () => checked(a.Whole(0) + a.Whole(1)))),
        ["sub"] = new(2, 2, a => Checked(a, () => checked(a.Whole(0) - a.Whole(1)))),
        ["mul"] = new(2, 2, a => Checked(a, () => checked(a.Whole(0) * a.Whole(1)))),
        ["div"] = new(2, 2, a => Checked(a, () => a.Whole(0) / a.Whole(1))),
        ["mod"] = new(2, 2, a => Checked(a, () => a.Whole(0) % a.Whole(1))),

        // The host
        ["getenv"] = new(1, 2, a => a.Context.Environment(a.String(0)) is { Length: > 0 } value ? value : a.Count > 1 ? a.String(1) : ""),
        ["fileExists"] = new(1, 1, a => Path.Exists(a.String(0))),
        ["datetime"] = new(0, 0, a => a.Context.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),

        // Go's own
        ["not"] = new(1, 1, a => !Values.IsTrue(a[0])),
        ["eq"] = new(2, int.MaxValue, a => a.All.Skip(1).Any(other => Comparison.AreEqual(a, a[0], other))),
        ["ne"] = new(2, 2, a => !Comparison.AreEqual(a, a[0], a[1])),
        ["lt"] = new(2, 2, a => Comparison.Order(a) < 0),
        ["le"] = new(2, 2, a => Comparison.Order(a) <= 0),
        ["gt"] = new(2, 2, a => Comparison.Order(a) > 0),
        ["ge"] = new(2, 2, a => Comparison.Order(a) >= 0),
        ["print"] = new(0, int.MaxValue, a => Print(a.All)),
        ["println"] = new(0, int.MaxValue, a => string.Join(' ', a.All.Select(Values.Text)) + "\n"),
        ["printf"] = new(1, int.MaxValue, a => Printf.Format(a.String(0), [.. a.All.Skip(1)])),
        ["urlquery"] = new(1, int.MaxValue, a => Uri.EscapeDataString(Print(a.All)).Replace("%20", "+", StringComparison.Ordinal)),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> _refused = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["lookupIP"] = "endpoints come with their addresses",
        ["lookupIPV4"] = "endpoints come with their addresses",
        ["lookupIPV6"] = "endpoints come with their addresses",
        ["lookupIfaceIPV4"] = "getenv can bring an address in",
        ["lookupIfaceIPV6"] = "getenv can bring an address in",
        ["lookupSRV"] = "endpoints come with their addresses",
        ["cget"] = "keys here are not encrypted: use get",
        ["cgets"] = "keys here are not encrypted: use gets",
        ["cgetv"] = "keys here are not encrypted: use getv",
        ["cgetvs"] = "keys here are not encrypted: use getvs",
        ["call"] = "values here are no functions",
        ["slice"] = "use index, or split",
        ["html"] = "the text is written as it is",
        ["js"] = "the text is written as it is",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary><c>and</c> and <c>or</c> evaluate their own arguments and are not in the table.</summary>
    public static bool Exists(string name) => name is "and" or "or" || _all.ContainsKey(name);

    /// <summary>Why, or what instead; null for one that is not refused.</summary>
    public static string? Refused(string name) => _refused.GetValueOrDefault(name);

    public static string? Nearest(string name) => _all.Keys.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));

    public static object? Invoke(string name, Arguments arguments)
    {
        var entry = _all[name];
        return entry.Run(arguments.Require(entry.Min, entry.Max));
    }

    private static List<object?> ListOf(IEnumerable<object?> values)
    {
        List<object?> list = [.. values.Take(ListMax + 1)];
        return list.Count <= ListMax ? list : throw new FormatException($"a list of more than {ListMax} values");
    }

    private static string Value(Arguments a, string? otherwise) =>
        a.Context.Store.Keys.GetValueOrDefault(a.String(0)) ?? otherwise ?? throw a.Error($"there is no key {a.String(0)}; give a default, or ask with exists first");

    private static string Base(string path)
    {
        var trimmed = path.TrimEnd('/');
        return trimmed.Length > 0 ? trimmed[(trimmed.LastIndexOf('/') + 1)..] : path.Length > 0 ? "/" : ".";
    }

    private static string Folder(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? "." : path[..slash].TrimEnd('/') is { Length: > 0 } folder ? folder : "/";
    }

    private static string Replace(string text, string old, string by, long times)
    {
        if (times < 0) return old.Length == 0 ? text : text.Replace(old, by, StringComparison.Ordinal);
        var result = new StringBuilder();
        var at = 0;
        for (var i = 0L; i < times && old.Length > 0; i++)
        {
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0) break;
            result.Append(text, at, found - at).Append(by);
            at = found + old.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static object ParseBool(Arguments a) => a.String(0) switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        var other => throw a.Error($"'{other}' is neither true nor false"),
    };

    private static object Decode(Arguments a)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(a.String(0)));
        }
        catch (FormatException)
        {
            throw a.Error("the text is not base64");
        }
    }

    private static List<object?> Sequence(Arguments a)
    {
        var (first, last) = (a.Whole(0), a.Whole(1));
        if (last - first >= ListMax) throw a.Error($"more than {ListMax} numbers");
        var list = new List<object?>();
        for (var i = first; i <= last; i++) list.Add(i);
        return list;
    }

    private static SortedDictionary<string, object?> Map(Arguments a)
    {
        if (a.Count % 2 != 0) throw a.Error("the last key has no value");
        var map = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        for (var i = 0; i < a.Count; i += 2) map[a.String(i)] = a[i + 1];
        return map;
    }

    /// <summary>Of a string in bytes, as Go counts.</summary>
    private static object Length(Arguments a) => a[0] switch
    {
        string s => (long)Encoding.UTF8.GetByteCount(s),
        IReadOnlyList<object?> list => (long)list.Count,
        IReadOnlyDictionary<string, object?> map => (long)map.Count,
        _ => throw a.Wrong(0, "a string, a list or a map"),
    };

    private static object? Index(Arguments a)
    {
        var value = a[0];
        for (var i = 1; i < a.Count; i++)
        {
            value = value switch
            {
                IReadOnlyList<object?> list => a.Whole(i) is >= 0 and var at && at < list.Count ? list[(int)at] : throw a.Error($"there is no {a.Whole(i)} in a list of {list.Count}; it counts from 0"),
                IReadOnlyDictionary<string, object?> map => map.GetValueOrDefault(a.String(i)),
                _ => throw a.Error($"{Values.Kind(value)} cannot be indexed"),
            };
        }

        return value;
    }

    private static object Checked(Arguments a, Func<long> compute)
    {
        try
        {
            return compute();
        }
        catch (DivideByZeroException)
        {
            throw a.Error("division by zero");
        }
        catch (OverflowException)
        {
            throw a.Error("the result is beyond 64 bits");
        }
    }

    /// <summary>A blank stands between two values when neither is a string, as in Go.</summary>
    private static string Print(IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0 && values[i] is not string && values[i - 1] is not string) text.Append(' ');
            text.Append(Values.Text(values[i]));
        }

        return text.ToString();
    }

    private sealed record Entry(int Min, int Max, Func<Arguments, object?> Run);
}
