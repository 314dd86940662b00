using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Orchestrator.Agent.Ingress;

/// <summary>From what HAProxy says against a configuration to whose it is. Pure.</summary>
internal static partial class RefusedLines
{
    /// <summary>A service's: backends are named after their service first.</summary>
    public static string OwnerOf(string backend) => string.Join(':', backend.Split(':').Take(2));

    /// <summary>The services (<see cref="IngressLayout.ServiceKey"/>) whose lines of the file are refused; empty when no line is named that is one service's.</summary>
    /// <param name="said">HAProxy's words on this very file.</param>
    public static ImmutableSortedSet<string> Owners(string said, string config)
    {
        var lines = config.Split('\n');
        return
        [
            .. Place().Matches(said)
                .Select(place => int.TryParse(place.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
                .Where(number => number >= 1 && number <= lines.Length)
                .Select(number => Owner(lines, number - 1))
                .OfType<string>(),
        ];
    }

    /// <summary>As the line itself says, else its section.</summary>
    private static string? Owner(string[] lines, int at)
    {
        if (Tag().Match(lines[at]) is { Success: true } tag) return tag.Groups[1].Value;
        while (at > 0 && lines[at].StartsWith(' ')) at--;
        return Tag().Match(lines[at]) is { Success: true } head ? head.Groups[1].Value : Backend().Match(lines[at]) is { Success: true } backend ? OwnerOf(backend.Groups[1].Value) : null;
    }

    [GeneratedRegex(@"\[[^\]\s]*:([0-9]+)\]", RegexOptions.CultureInvariant)]
    private static partial Regex Place();

    [GeneratedRegex(@" # ([^\s:]+:[^\s:]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(@"^backend ([^.\s]\S*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Backend();
}
