using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Orchestrator.Engine;

/// <summary>An image's name: <c>[host[:port]/]path[:tag][@digest]</c>.</summary>
/// <param name="Registry">The host that serves it; <c>docker.io</c> when the text names none.</param>
/// <param name="Path">On Docker Hub with its <c>library/</c>.</param>
/// <param name="Tag">Null when the text has none.</param>
/// <param name="Digest"><c>sha256:…</c>; null when the text has none.</param>
public sealed partial record ImageReference(string Registry, string Path, string? Tag, string? Digest)
{
    public const string DefaultTag = "latest";

    public const string DockerHub = "docker.io";

    private const string OfficialFolder = "library/";

    /// <summary>The distribution project's bound on registry and path together.</summary>
    private const int NameCharsMax = 255;

    /// <summary>As people write it: <c>nginx</c>, <c>ghcr.io/org/app</c>; no tag, no digest.</summary>
    public string FamiliarName => Registry != DockerHub
        ? CanonicalName
        : Path.StartsWith(OfficialFolder, StringComparison.Ordinal) && Path.IndexOf('/', OfficialFolder.Length) < 0 ? Path[OfficialFolder.Length..] : Path;

    /// <summary><c>docker.io/library/nginx</c>.</summary>
    public string CanonicalName => $"{Registry}/{Path}";

    /// <summary><c>nginx:1.27</c>; with <c>latest</c> when there is neither tag nor digest.</summary>
    public string Familiar => FamiliarName + Suffix;

    /// <summary><c>docker.io/library/nginx:1.27</c>; with <c>latest</c> when there is neither tag nor digest.</summary>
    public string Canonical => CanonicalName + Suffix;

    private string Suffix => Digest is null ? ":" + (Tag ?? DefaultTag) : (Tag is null ? "" : ":" + Tag) + "@" + Digest;

    /// <summary>The same image at one content. The tag stays for people to read.</summary>
    public ImageReference WithDigest(string digest) => this with { Digest = digest };

    public override string ToString() => Familiar;

    /// <exception cref="FormatException">Not a reference.</exception>
    public static ImageReference Parse(string text) => TryParse(text, out var reference)
        ? reference
        : throw new FormatException($"\"{text}\" is not an image reference; write [host[:port]/]path[:tag][@digest] in lower case");

    public static bool TryParse(string? text, [NotNullWhen(true)] out ImageReference? reference)
    {
        reference = null;
        var match = Grammar().Match(text ?? "");
        if (!match.Success || match.Groups["name"].Length > NameCharsMax) return false;

        var name = match.Groups["name"].Value;
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var (registry, path) = slash > 0 && IsHost(name[..slash]) ? (name[..slash], name[(slash + 1)..]) : (DockerHub, name);
        if (registry is "index.docker.io") registry = DockerHub;
        if (!PathGrammar().IsMatch(path)) return false;
        if (registry == DockerHub && !path.Contains('/', StringComparison.Ordinal)) path = OfficialFolder + path;
        reference = new ImageReference(registry, path, Value(match.Groups["tag"]), Value(match.Groups["digest"]));
        return true;
    }

    /// <summary>What tells a host from the first folder of a path, as Docker does.</summary>
    private static bool IsHost(string part) => part == "localhost" || part.AsSpan().IndexOfAny('.', ':') >= 0 || part.Any(char.IsAsciiLetterUpper);

    private static string? Value(Group group) => group.Success ? group.Value : null;

    [GeneratedRegex(@"^(?<name>(?:(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?/)?[a-z0-9._/-]+)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Grammar();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex PathGrammar();
}
