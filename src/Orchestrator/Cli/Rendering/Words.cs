using Orchestrator.Protocol;

namespace Orchestrator.Cli.Rendering;

/// <summary>Small pieces of text used all over.</summary>
internal static class Words
{
    /// <summary><c>1 replica</c>, <c>3 replicas</c>.</summary>
    public static string Count(int number, string one, string? many = null) => number == 1 ? $"1 {one}" : $"{number} {many ?? one + "s"}";

    /// <summary>As many digits of a service's revision as a container's name carries.</summary>
    public static string Short(string revision) => revision.Length <= ReplicaKey.ShortRevisionLength ? revision : revision[..ReplicaKey.ShortRevisionLength];

    /// <summary>Without the digest when there is a tag to read; a bare digest or image id is cut short.</summary>
    public static string Image(string image)
    {
        const int shortDigest = 12;
        var digest = image.IndexOf("@sha256:", StringComparison.Ordinal);
        if (digest > 0)
        {
            var name = image[..digest];
            var hasTag = name.LastIndexOf(':') > name.LastIndexOf('/');
            return hasTag ? name : $"{name}@{image.AsSpan(digest + 8, Math.Min(shortDigest, image.Length - digest - 8))}";
        }

        return image.StartsWith("sha256:", StringComparison.Ordinal) && image.Length > 7 + shortDigest ? image.Substring(7, shortDigest) : image;
    }
}
