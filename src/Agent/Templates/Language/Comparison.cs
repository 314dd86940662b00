namespace Orchestrator.Agent.Templates.Language;

/// <summary>As Go's <c>eq</c> and <c>lt</c>: basic kinds only, and never one kind with another, for which a port as text and a port as number are a mistake to be told of.</summary>
internal static class Comparison
{
    public static bool AreEqual(Arguments arguments, object? left, object? right) => (left, right) switch
    {
        (null, _) or (_, null) => left is null && right is null,
        (string a, string b) => a == b,
        (bool a, bool b) => a == b,
        (long a, long b) => a == b,
        (long or double, long or double) => Real(left).Equals(Real(right)),
        _ => throw Mixed(arguments, left, right),
    };

    public static int Order(Arguments arguments) => (arguments[0], arguments[1]) switch
    {
        (string a, string b) => string.CompareOrdinal(a, b),
        (long a, long b) => a.CompareTo(b),
        (long or double, long or double) => Real(arguments[0]).CompareTo(Real(arguments[1])),
        var (left, right) => throw Mixed(arguments, left, right),
    };

    private static double Real(object? value) => value is long whole ? whole : (double)value!;

    private static FormatException Mixed(Arguments arguments, object? left, object? right) =>
        arguments.Error($"{Values.Kind(left)} and {Values.Kind(right)} cannot be compared{(left is string ^ right is string ? "; atoi makes a number of a string" : "")}");
}
