using System.Text;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Security;

namespace Orchestrator.Cli.Commands;

/// <summary>Where a plan file goes: a file is put in its place whole and for its owner alone, what is none (a pipe, a terminal, a device) is written to as it is.</summary>
internal static class PlanFileTarget
{
    /// <summary>The plan for people has to go elsewhere then.</summary>
    public static bool IsStandardOutput(string path) => path is "-" or "/dev/stdout" or "/dev/fd/1" or "/proc/self/fd/1";

    /// <summary>Why nothing is to be written there: what is there would be lost. Null when it may be.</summary>
    /// <param name="inputs">What the plan is made from. What these name in turn is no plan file either, and so is kept, too.</param>
    /// <exception cref="IOException">What is there cannot be read; likewise <see cref="UnauthorizedAccessException"/>.</exception>
    public static string? Refusal(string path, IEnumerable<string> inputs)
    {
        if (IsOfTheKernel(path) || !File.Exists(path))
            return null;
        var target = Resolved(path);
        return inputs.Any(i => Resolved(i) == target) ? $"{path} is one of the files that the plan is made from, and would be lost"
            : IsLost(target) ? $"{path} exists and is not a plan file; its contents would be lost"
            : null;
    }

    /// <summary><c>shop.yaml</c> → <c>shop.plan.json</c>; never the path itself.</summary>
    public static string OtherThan(string path)
    {
        const string ending = ".plan.json";
        if (path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            return $"{path[..^ending.Length]}-2{ending}";
        var stem = IsYaml(path) || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? Path.ChangeExtension(path, null) : path;
        return stem + ending;
    }

    public static bool IsYaml(string path) => path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="IOException">It cannot be written; likewise <see cref="UnauthorizedAccessException"/>.</exception>
    public static void Write(string path, byte[] bytes)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a folder");
        if (!TryWriteStream(path, bytes))
            PrivateFiles.Write(path, Encoding.UTF8.GetString(bytes));
    }

    /// <summary>An empty file, as of <c>mktemp</c>, has nothing to lose; a pipe has no length either, and reading it would wait for its other end.</summary>
    private static bool IsLost(string path)
    {
        if (new FileInfo(path).Length is var length && length is 0 or > PlanFile.BytesMax)
            return length > 0;
        try
        {
            PlanFile.Read(File.ReadAllBytes(path));
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    /// <summary>The full path without links: of the file, and of the folders on the way to it.</summary>
    private static string Resolved(string path)
    {
        var full = Path.GetFullPath(path);
        var resolved = Path.GetPathRoot(full)!;
        foreach (var part in full[resolved.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            resolved = Path.Combine(resolved, part);
            if (new FileInfo(resolved).LinkTarget is not null)
                resolved = File.ResolveLinkTarget(resolved, returnFinalTarget: true)!.FullName;
        }

        return resolved;
    }

    /// <summary>Opened once: a pipe's reader takes the first closing for the end.</summary>
    private static bool TryWriteStream(string path, byte[] bytes)
    {
        if (!File.Exists(path))
            return false;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
            if (stream.CanSeek && !IsOfTheKernel(path))
                return false;
            stream.Write(bytes);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            // A file that may not be written may still be replaced, where its folder may.
            if (IsOfTheKernel(path))
                throw;
            return false;
        }
    }

    /// <summary>Devices, and a process's open files, some of which can be sought in.</summary>
    private static bool IsOfTheKernel(string path) => Path.GetFullPath(path) is var full && (full.StartsWith("/dev/", StringComparison.Ordinal) || full.StartsWith("/proc/", StringComparison.Ordinal));
}
