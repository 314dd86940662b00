using System.Collections.Immutable;

namespace Orchestrator.Api;

/// <summary>Why a stack is as it is: what is wanted, what is there, what led to it, and what to do.</summary>
public sealed record ExplanationView
{
    public required string Stack { get; init; }

    /// <summary>The revision that is wanted; null when the stack runs nothing.</summary>
    public int? Revision { get; init; }

    /// <summary>As in <see cref="StackView"/>.</summary>
    public required string State { get; init; }

    /// <summary>One sentence each: the reasons, the most important first.</summary>
    public ImmutableArray<string> Reasons { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>What to do next, most likely first; empty when nothing is to be done.</summary>
    public ImmutableArray<string> Next { get; init => field = value.IsDefault ? [] : value; } = [];

    public ImmutableArray<ServiceExplanation> Services { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>The latest, oldest first.</summary>
    public ImmutableArray<StackEvent> Events { get; init => field = value.IsDefault ? [] : value; } = [];
}

public sealed record ServiceExplanation
{
    public required string Service { get; init; }

    /// <summary><c>3 replicas of hello:v2 (01234567)</c>.</summary>
    public required string Wanted { get; init; }

    /// <summary>Slots in which a replica serves, of whichever revision; without those that are out of the traffic until a switch.</summary>
    public int Serving { get; init; }

    /// <summary>How many of <see cref="Serving"/> are served by other revisions than the wanted one only, by the short revision.</summary>
    public ImmutableSortedDictionary<string, int> ServingOld { get; init => field = value ?? ImmutableSortedDictionary<string, int>.Empty; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>New replicas that are ready, and out of the traffic until a switch.</summary>
    public int Withheld { get; init; }

    public int Desired { get; init; }

    public ImmutableArray<ReplicaExplanation> Replicas { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="Host">Null where there is none.</param>
/// <param name="State">As in <see cref="ReplicaView"/>; missing when there is no container.</param>
/// <param name="Why">How it came there, and what is wrong with it; oldest first.</param>
/// <param name="Probe">What its healthcheck printed last, where that fails.</param>
public sealed record ReplicaExplanation(int Slot, string? Host, string State, string Health, ImmutableArray<string> Why, string? Probe);
