using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Api;

public sealed record DiffQuery
{
    public required string Stack { get; init; }

    /// <summary>Null: the current revision.</summary>
    public int? From { get; init; }

    /// <summary>Null with <see cref="Spec"/>.</summary>
    public int? To { get; init; }

    /// <summary>A file's, to be compared with <see cref="From"/>.</summary>
    public StackSpec? Spec { get; init; }

    /// <summary>Show the values of what may hold secrets: environment, command, labels, options. Operators only.</summary>
    public bool Values { get; init; }
}

/// <param name="From"><c>revision 3</c>.</param>
/// <param name="To"><c>revision 4</c>, or <c>the file</c>.</param>
/// <param name="Parts">Services, networks, volumes and certificates that differ; empty when nothing does.</param>
public sealed record StackDiff(string Stack, string From, string To, ImmutableArray<PartDiff> Parts);

/// <param name="Kind">service, network, volume, certificate.</param>
/// <param name="Change">added, removed, changed.</param>
public sealed record PartDiff(string Kind, string Name, string Change, ImmutableArray<KeyDiff> Keys);

/// <param name="Key"><c>image</c>, <c>environment.GREETING</c>, <c>deploy.update.parallelism</c>.</param>
/// <param name="Change">added, removed, changed.</param>
/// <param name="Before">Null when it was not there, or is not shown.</param>
/// <param name="After">Null when it is not there any more, or is not shown.</param>
public sealed record KeyDiff(string Key, string Change, string? Before, string? After);
