using System.Globalization;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>
/// What a template computes with: null, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/>, <see cref="KeyValue"/>, lists
/// (<see cref="IReadOnlyList{T}"/> of these) and maps (<see cref="IReadOnlyDictionary{TKey,TValue}"/> by string).
/// </summary>
internal static class Values
{
    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        bool b => b,
        long n => n != 0,
        double d => d != 0,
        string s => s.Length > 0,
        IReadOnlyList<object?> list => list.Count > 0,
        IReadOnlyDictionary<string, object?> map => map.Count > 0,
        _ => true,
    };

    /// <summary>As Go prints it, but for whole numbers of JSON, which stay whole.</summary>
    public static string Text(object? value) => value switch
    {
        null => "<nil>",
        bool b => b ? "true" : "false",
        long n => n.ToString(CultureInfo.InvariantCulture),
        double d => d.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e'),
        string s => s,
        KeyValue pair => $"{{{pair.Key} {pair.Value}}}",
        IReadOnlyList<object?> list => $"[{string.Join(' ', list.Select(Text))}]",
        IReadOnlyDictionary<string, object?> map => $"map[{string.Join(' ', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{Text(p.Value)}"))}]",
        _ => throw new InvalidOperationException($"a template holds a {value.GetType().Name}"),
    };

    /// <summary>For messages.</summary>
    public static string Kind(object? value) => value switch
    {
        null => "nil",
        bool => "a boolean",
        long => "a whole number",
        double => "a number",
        string => "a string",
        KeyValue => "a key with its value",
        IReadOnlyList<object?> => "a list",
        IReadOnlyDictionary<string, object?> => "a map",
        _ => value.GetType().Name,
    };
}
