using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Cli.Connections;

internal interface IStackFiles
{
    /// <summary>Relative to the working directory.</summary>
    bool Exists(string path);

    StackFileResult Load(StackFileQuery query);
}

/// <param name="Files">Later ones are merged over earlier ones; <c>-</c> is standard input.</param>
/// <param name="Name">The stack's name; null takes the file's <c>name:</c>, else the folder's name.</param>
/// <param name="EnvFiles">Variables for interpolation beneath the caller's environment; empty takes <c>.env</c> beside the file.</param>
internal sealed record StackFileQuery(ImmutableArray<string> Files, string? Name, ImmutableArray<string> EnvFiles);
