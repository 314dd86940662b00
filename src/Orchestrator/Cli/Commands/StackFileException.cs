using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Cli.Commands;

/// <summary>A stack file with errors; all of them are shown.</summary>
internal sealed class StackFileException(ImmutableArray<StackFileError> errors) : Exception("the stack file has errors")
{
    public ImmutableArray<StackFileError> Errors { get; } = errors;
}
