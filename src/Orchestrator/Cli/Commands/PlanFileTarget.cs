using System.Text;
using Orchestrator.Security;

namespace Orchestrator.Cli.Commands;

/// <summary>Where a plan file goes: a file is put in its place whole and for its owner alone, what is none (a pipe, a terminal, a device) is written to as it is.</summary>
internal static class PlanFileTarget
{
    /// <summary>The plan for people has to go elsewhere then.</summary>
    public static bool IsStandardOutput(string path) => path is "-" or "/dev/stdout" or "/dev/fd/1" or "/proc/self/fd/1";

    /// <exception cref="IOException">It cannot be written; likewise <see cref="UnauthorizedAccessException"/>.</exception>
    public static void Write(string path, byte[] bytes)
    {
        if (Directory.Exists(path))
            throw new IOException("it is a folder");
        if (!TryWriteStream(path, bytes))
            PrivateFiles.Write(path, Encoding.UTF8.GetString(bytes));
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
