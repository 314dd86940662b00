using System.Collections;
using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Cli.Connections;

/// <summary>Stack files as this process sees them: its working directory, its environment, its standard input.</summary>
internal sealed class StackFilesOnDisk(string workingDirectory, Func<string> readInput) : IStackFiles
{
    private const string Input = "-";

    public bool Exists(string path) => File.Exists(Path.GetFullPath(path, workingDirectory));

    public StackFileResult Load(StackFileQuery query)
    {
        var request = new StackFileRequest
        {
            Files = query.Files,
            CurrentDirectory = workingDirectory,
            ProjectName = query.Name,
            // A file from standard input has no folder of its own.
            ProjectDirectory = query.Files is [Input, ..] ? workingDirectory : null,
            EnvFiles = query.EnvFiles.IsEmpty ? null : query.EnvFiles,
            Environment = Variables(),
        };
        var input = Path.GetFullPath(Input, workingDirectory);
        var fromDisk = request.ReadText;
        return StackFile.Load(request with { ReadText = path => path == input && query.Files.Contains(Input) ? readInput() : fromDisk(path) });
    }

    private static ImmutableDictionary<string, string> Variables() => System.Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .ToImmutableDictionary(v => (string)v.Key, v => (string?)v.Value ?? "", StringComparer.Ordinal);
}
