using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Ingress.Runtime;

/// <summary>The lesser answers of the socket.</summary>
internal static class Answers
{
    /// <summary><c>show info</c>: the description, which carries the structure that the process has loaded.</summary>
    public static string? Description(string info) => info
        .Split('\n')
        .Where(line => line.StartsWith("description: ", StringComparison.OrdinalIgnoreCase))
        .Select(line => line["description: ".Length..].Trim())
        .FirstOrDefault();

    /// <summary><c>show map</c>: the keys.</summary>
    public static ImmutableSortedSet<string> MapKeys(string map) => map
        .Split('\n')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        .Where(words => words.Length >= 2 && words[0].StartsWith("0x", StringComparison.Ordinal))
        .Select(words => words[1])
        .ToImmutableSortedSet(StringComparer.Ordinal);

    /// <summary><see cref="LatencyScript.Command"/>: by server. A process that has no such script answers with its help, of which nothing is understood.</summary>
    public static ImmutableDictionary<string, ImmutableArray<long>> Latencies(string text)
    {
        var found = ImmutableDictionary.CreateBuilder<string, ImmutableArray<long>>(StringComparer.Ordinal);
        foreach (var words in text.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Where(words => words.Length == 2))
        {
            var cells = words[1].Split(',');
            var counts = cells.Select(cell => long.TryParse(cell, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : -1).ToImmutableArray();
            if (counts.Length == LatencyBuckets.Count && !counts.Contains(-1)) found[words[0]] = counts;
        }

        return found.ToImmutable();
    }

    public const string CertificatesCommand = "show ssl cert";

    /// <summary>Paths of the files that the process has loaded.</summary>
    public static ImmutableHashSet<string> Certificates(string answer) =>
        [.. answer.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.StartsWith('/'))];

    /// <summary><c>show sess</c>: the sessions at a server, over all backends.</summary>
    public static ImmutableArray<string> Sessions(string sessions, string server) =>
    [
        .. sessions
            .Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(words => words.Length > 1 && words[0].StartsWith("0x", StringComparison.Ordinal) && words[0].EndsWith(':') && words.Contains("srv=" + server, StringComparer.Ordinal))
            .Select(words => words[0].TrimEnd(':')),
    ];
}
