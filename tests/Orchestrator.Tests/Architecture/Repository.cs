using System.Text.RegularExpressions;

namespace Orchestrator.Tests.Architecture;

/// <summary>The files of this repository, found from where the tests run.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Source files under a folder, by their path from the root, with comments taken out.</summary>
    public static IEnumerable<(string Path, string Code)> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Select(file => (Path: Path.GetRelativePath(Root, file), File: file))
        .Where(f => !IsBuilt(f.Path))
        .Order()
        .Select(f => (f.Path, Comments().Replace(File.ReadAllText(f.File), "")));

    /// <summary>Documents for readers, by their path from the root.</summary>
    public static IEnumerable<(string Path, string Text)> Documents() => Directory
        .EnumerateFiles(Root, "*.md", SearchOption.TopDirectoryOnly)
        .Concat(new[] { "docs", "examples", "bench" }.Select(f => Path.Combine(Root, f)).Where(Directory.Exists).SelectMany(f => Directory.EnumerateFiles(f, "*.md", SearchOption.AllDirectories)))
        .Order(StringComparer.Ordinal)
        .Select(file => (Path.GetRelativePath(Root, file), File.ReadAllText(file)));

    private static bool IsBuilt(string path) => path.Split('/').Any(part => part is "bin" or "obj");

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Orchestrator.sln")))
                return folder;
        }

        throw new InvalidOperationException($"no Orchestrator.sln above {AppContext.BaseDirectory}");
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();
}
