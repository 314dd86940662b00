using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

public enum RevisionState
{
    /// <summary>A change is leading to it.</summary>
    Running,
    Paused,

    /// <summary>Every service reached it.</summary>
    Good,
    Failed,
    RolledBack,
    Superseded,
    Aborted,
}

/// <summary>A stack as it was once asked for, with its images pinned; immutable but for its state.</summary>
public sealed record StackRevision
{
    private readonly bool wasGood;

    /// <summary>From 1, never used twice.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required StackSpec Spec { get; init; }

    public required ImmutableSortedDictionary<string, ServiceRevision> Services { get; init; }

    /// <summary>Of the last attempt at it.</summary>
    public RevisionState State
    {
        get;
        init
        {
            field = value;
            wasGood |= value == RevisionState.Good;
        }
    }

    /// <summary>Every service once reached it: a target for rollback, whatever became of later attempts at it. Never taken away.</summary>
    public bool WasGood
    {
        get => wasGood;
        init => wasGood |= value;
    }

    /// <summary>The good revision that it was made from, be it by way of others that never were good; null where there was none, and in records from before that was kept.</summary>
    public int? GoodBase { get; init; }

    /// <summary>Of one that did not become good: by service, the number of the revision in which it stands; null otherwise. See <see cref="StandingRevision"/>.</summary>
    public ImmutableSortedDictionary<string, int>? Stands { get; init; }

    /// <summary>For people: why it failed, what it was rolled back to.</summary>
    public string? Detail { get; init; }

    /// <summary>The service revisions of those that were good.</summary>
    public static ImmutableHashSet<string> Good(IEnumerable<StackRevision> revisions) =>
        [.. revisions.Where(r => r.WasGood).SelectMany(r => r.Services.Values).Select(s => s.Id)];

    /// <summary>What this one is gone back from to: the one that it was made from, and none that was left behind before that. Where it is not known, the newest good one below.</summary>
    public StackRevision? GoodBefore(IReadOnlyCollection<StackRevision> revisions) =>
        revisions.FirstOrDefault(r => r.Number == GoodBase && r.WasGood) ?? revisions.Where(r => r.Number < (GoodBase ?? Number) && r.WasGood).MaxBy(r => r.Number);

    public ServiceSpec Service(string name) => Spec.Services.First(s => s.Name == name);
}

/// <summary>A service with its image pinned: equal ids mean equal containers.</summary>
public sealed record ServiceRevision
{
    /// <summary>The config hash, or a hash of it and the force counter.</summary>
    public required string Id { get; init; }

    public required string ConfigHash { get; init; }

    /// <summary><c>repo:tag@sha256:…</c>, or an image id.</summary>
    public required string Image { get; init; }

    /// <summary>Empty: any host can pull it. Otherwise the image was built on these hosts and is nowhere else.</summary>
    public ImmutableArray<string> ImageHosts { get; init; } = [];

    /// <summary>How often a recreation was forced without a change.</summary>
    public int ForceCount { get; init; }
}
