using System.Collections.Immutable;
using System.Text;

namespace Orchestrator.Stacks;

/// <summary>Everything <see cref="StackFile.Load"/> depends on; nothing is taken from the process behind the caller's back.</summary>
public sealed record StackFileRequest
{
    /// <summary>The <c>-f</c> paths, at least one; a later file is merged over the earlier ones. Messages name files as written here.</summary>
    public required ImmutableArray<string> Files { get; init; }

    /// <summary>Absolute; relative <see cref="Files"/>, <see cref="EnvFiles"/> and <see cref="ProjectDirectory"/> start here.</summary>
    public required string CurrentDirectory { get; init; }

    /// <summary><c>-p</c>; null takes COMPOSE_PROJECT_NAME, then the file's <c>name:</c>, then the project directory's name.</summary>
    public string? ProjectName { get; init; }

    /// <summary>Where relative paths in the files start; null is the first file's folder.</summary>
    public string? ProjectDirectory { get; init; }

    /// <summary>The <c>--env-file</c> paths, later ones win; default (unset) is <c>.env</c> in the project directory, if it is there.</summary>
    public ImmutableArray<string>? EnvFiles { get; init; }

    /// <summary>The caller's environment; it wins over the env files.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Tells which certificates have ended. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads a text file by absolute path. May throw IOException and its kin or UnauthorizedAccessException. Default: the disk.</summary>
    public Func<string, string> ReadText { get; init; } = ReadFromDisk;

    /// <summary>No file a stack names is near this; a device or a log named by mistake must not fill the memory.</summary>
    private const long MaxFileBytes = 16 * 1024 * 1024;

    private static string ReadFromDisk(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var buffer = new MemoryStream();
        var chunk = new byte[81920];
        for (int read; (read = stream.Read(chunk)) > 0;)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > MaxFileBytes)
                throw new IOException($"the file is larger than {MaxFileBytes / (1024 * 1024)} MiB");
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
