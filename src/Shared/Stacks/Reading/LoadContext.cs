using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>What readers need beyond the node in hand.</summary>
/// <param name="ProjectDirectory">Absolute; relative paths in the file start here.</param>
/// <param name="HomeDirectory">For <c>~</c>; null when the caller has none.</param>
/// <param name="Lookup">The variables of interpolation: the caller's environment, then the env files.</param>
/// <param name="ReadText">See <see cref="StackFileRequest.ReadText"/>.</param>
internal sealed record LoadContext(
    Diagnostics Diagnostics,
    string ProjectDirectory,
    string? HomeDirectory,
    Func<string, string?> Lookup,
    Func<string, string> ReadText)
{
    /// <summary>What the file declares, complete before the first service is read.</summary>
    public ImmutableSortedDictionary<string, NetworkSpec> Networks { get; init; } = ImmutableSortedDictionary.Create<string, NetworkSpec>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, VolumeSpec> Volumes { get; init; } = ImmutableSortedDictionary.Create<string, VolumeSpec>(StringComparer.Ordinal);

    /// <summary>Those read so far.</summary>
    public required LoadedCertificates Certificates { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>Relative to the project directory; <c>~</c> is the caller's home. Null after an error was reported.</summary>
    public string? AbsolutePath(string path, Value at)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
        {
            if (HomeDirectory is null)
            {
                at.Error($"`{path}` starts with ~ but HOME is not set", "write the path in full, or set HOME");
                return null;
            }

            path = HomeDirectory + path[1..];
        }
        else if (path.StartsWith('~'))
        {
            at.Error($"`{path}`: only your own home (~/) is understood", "write the path in full");
            return null;
        }

        return System.IO.Path.GetFullPath(path, ProjectDirectory);
    }

    /// <summary>Null and a reported error when the file cannot be read.</summary>
    public string? Read(string absolutePath, Value at, string what)
    {
        try
        {
            return ReadText(absolutePath);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            at.Error($"{what} {absolutePath} does not exist", $"create it, or correct the path; relative paths start at {ProjectDirectory}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            at.Error($"{what} {absolutePath} cannot be read: {e.Message}", "check the path and its permissions");
        }

        return null;
    }

    /// <summary>Whether a file can be opened, without a word when not.</summary>
    public bool Exists(string absolutePath)
    {
        try
        {
            ReadText(absolutePath);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
