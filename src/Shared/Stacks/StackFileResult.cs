using System.Collections.Immutable;

namespace Orchestrator.Stacks;

/// <summary>Either <see cref="Stack"/> is set and <see cref="Errors"/> is empty, or the other way round.</summary>
public sealed record StackFileResult(StackSpec? Stack, ImmutableArray<StackFileError> Errors, ImmutableArray<StackFileError> Warnings);
