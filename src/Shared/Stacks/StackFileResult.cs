using System.Collections.Immutable;
using Orchestrator.Traffic;

namespace Orchestrator.Stacks;

/// <summary>Either <see cref="Stack"/> is set and <see cref="Errors"/> is empty, or the other way round.</summary>
public sealed record StackFileResult(StackSpec? Stack, ImmutableArray<StackFileError> Errors, ImmutableArray<StackFileError> Warnings)
{
    /// <summary>The contents, private keys among them, of the certificates that <see cref="StackSpec.Certificates"/> lists, by id; ordinal.</summary>
    public ImmutableArray<CertificateFile> Certificates { get; init; } = [];
}
