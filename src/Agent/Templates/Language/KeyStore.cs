using System.Collections.Immutable;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>The keys that a template sees, and confd's ways to ask for them.</summary>
internal sealed class KeyStore(ImmutableSortedDictionary<string, string> keys)
{
    public ImmutableSortedDictionary<string, string> Keys => keys;

    /// <summary>As confd: only keys below one of <paramref name="wanted"/>, both under <paramref name="prefix"/>, which the template does not see.</summary>
    public static KeyStore Of(ImmutableSortedDictionary<string, string> all, string prefix, ImmutableArray<string> wanted)
    {
        var below = prefix.TrimEnd('/');
        var seen = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in all)
        {
            if (!IsAt(key, below)) continue;
            var own = key[below.Length..];
            if (wanted.Any(w => IsAt(own, w.TrimEnd('/')))) seen[own] = value;
        }

        return new KeyStore(seen.ToImmutable());
    }

    /// <summary>True for the path itself and for what lies below it, by whole segments.</summary>
    public static bool IsAt(string key, string path) =>
        path.Length == 0 || (key.StartsWith(path, StringComparison.Ordinal) && (key.Length == path.Length || key[path.Length] == '/'));

    public IEnumerable<KeyValue> Matching(string pattern)
    {
        var glob = new Glob(pattern);
        return keys.Where(pair => glob.Matches(pair.Key)).Select(pair => new KeyValue(pair.Key, pair.Value));
    }

    /// <summary>The names directly below a path; for a key itself, its last segment.</summary>
    public IEnumerable<string> List(string path) => Below(path, onlyFolders: false);

    /// <summary>Those directly below that have something below them.</summary>
    public IEnumerable<string> ListFolders(string path) => Below(path, onlyFolders: true);

    private SortedSet<string> Below(string path, bool onlyFolders)
    {
        var at = path.TrimEnd('/');
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var key in keys.Keys.Where(key => IsAt(key, at)))
        {
            var rest = key[at.Length..].TrimStart('/').Split('/');
            if (rest[0].Length == 0)
            {
                if (!onlyFolders) names.Add(key[(key.LastIndexOf('/') + 1)..]);
            }
            else if (!onlyFolders || rest.Length > 1)
            {
                names.Add(rest[0]);
            }
        }

        return names;
    }
}
