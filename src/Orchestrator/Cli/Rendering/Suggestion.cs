namespace Orchestrator.Cli.Rendering;

/// <summary>For a name that is not known: what is, and what was probably meant.</summary>
internal static class Suggestion
{
    /// <summary>More names than this are not listed: nobody reads them in an error message.</summary>
    private const int ListedMax = 20;

    /// <summary><c>did you mean hello? known stacks: hello, shop</c>.</summary>
    public static string For(string name, IReadOnlyCollection<string> known, string kinds)
    {
        if (known.Count == 0)
            return $"there are no {kinds} yet";
        var listed = string.Join(", ", known.Order(StringComparer.Ordinal).Take(ListedMax)) + (known.Count > ListedMax ? ", …" : "");
        return Nearest(name, known) is { } near ? $"did you mean {near}? known {kinds}: {listed}" : $"known {kinds}: {listed}";
    }

    /// <summary>The known name that differs by few enough letters to be a slip; null otherwise.</summary>
    public static string? Nearest(string name, IEnumerable<string> known) => known
        .Select(k => (Name: k, Distance: Distance(name.ToUpperInvariant(), k.ToUpperInvariant())))
        .Where(k => k.Distance <= Math.Max(1, name.Length / 3))
        .OrderBy(k => k.Distance).ThenBy(k => k.Name, StringComparer.Ordinal)
        .Select(k => k.Name)
        .FirstOrDefault();

    /// <summary>Letters to insert, delete or replace.</summary>
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var current = new int[b.Length + 1];
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            previous = current;
        }

        return previous[b.Length];
    }
}
