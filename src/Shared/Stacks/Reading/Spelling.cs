namespace Orchestrator.Stacks.Reading;

/// <summary>Finds what someone probably meant.</summary>
public static class Spelling
{
    /// <summary>A longer word is nobody's typing error, and comparing it would cost time.</summary>
    private const int MaxLength = 64;

    /// <returns>The nearest known word when it is near enough to be a typing error, else null.</returns>
    public static string? Nearest(string word, IEnumerable<string> known)
    {
        if (word.Length > MaxLength)
            return null;
        var allowed = Math.Max(1, (word.Length + 2) / 3);
        return known
            .Select(k => (Word: k, Distance: Distance(Fold(word), Fold(k))))
            .Where(k => k.Distance <= allowed)
            .OrderBy(k => k.Distance).ThenBy(k => k.Word, StringComparer.Ordinal)
            .Select(k => k.Word)
            .FirstOrDefault();
    }

    /// <summary><c>; did you mean x?</c>'s remedy, or the list of what is declared.</summary>
    public static string DidYouMean(string word, IReadOnlyCollection<string> known, string kind)
    {
        if (Nearest(word, known) is { } near)
            return $"did you mean {near}?";
        return known.Count == 0 ? $"no {kind} is declared" : $"declared: {string.Join(", ", known.Order(StringComparer.Ordinal))}";
    }

    // Case, dashes and underscores are what people mix up; they count for nothing.
    private static string Fold(string word) => word.ToLowerInvariant().Replace('-', '_');

    /// <summary>Optimal string alignment: insert, delete, replace, and swap of neighbours cost one each.</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replace, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
