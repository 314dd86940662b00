using Orchestrator.Stacks.Reading;

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

    /// <summary>The known name that was probably meant; null when none is near.</summary>
    public static string? Nearest(string name, IEnumerable<string> known) => Spelling.Nearest(name, known);
}
