using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>The pointer of a stack: what it should be now.</summary>
public sealed record StackHead
{
    public required string Stack { get; init; }

    /// <summary>The revision that is wanted; null only while a stack's first deploy is being prepared.</summary>
    public int? Current { get; init; }

    /// <summary>The highest revision number ever given.</summary>
    public int LastRevision { get; init; }

    /// <summary>The highest change number ever given.</summary>
    public int LastChange { get; init; }

    /// <summary>The stack is being removed, and that is tried until every host has done it; a deploy keeps it.</summary>
    public bool IsRemoving { get; init; }

    /// <summary>The engine's names of the volumes that go with it.</summary>
    public ImmutableArray<string> RemovingVolumes { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>Services whose traffic is answered with the maintenance page. Stays over deploys, rollbacks and restarts until it is ended.</summary>
    /// <remarks>Generated deserialization sets what a record does not have to null and passes over initializers.</remarks>
    public ImmutableSortedSet<string> InMaintenance { get; init => field = value ?? []; } = [];

    /// <summary>Service → how long requests wait for the end of this maintenance, where it was begun with another time than its file's.</summary>
    public ImmutableSortedDictionary<string, TimeSpan> MaintenanceHolds { get; init => field = value ?? ImmutableSortedDictionary<string, TimeSpan>.Empty; } = ImmutableSortedDictionary<string, TimeSpan>.Empty;

    /// <summary>Service → the revision whose routes, ports and times are shown: a canary or blue-green of it has begun, and has not been promoted.</summary>
    public ImmutableSortedDictionary<string, int> Unpromoted { get; init => field = value ?? ImmutableSortedDictionary<string, int>.Empty; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>The service's traffic as its file has it, with the hold that its maintenance was begun with.</summary>
    public TrafficSpec Held(string service, TrafficSpec traffic) => MaintenanceHolds.TryGetValue(service, out var hold)
        ? traffic with { Maintenance = traffic.Maintenance with { Hold = hold } }
        : traffic;
}

public enum ChangeKind
{
    Deploy,
    Rollback,
    Scale,

    /// <summary>Of earlier versions, which kept a record of what they brought back: still read and carried through.</summary>
    Repair,
}

/// <summary>One change of a stack, from its plan to its end; with the rollouts' journals it is all a restarted coordinator needs.</summary>
public sealed record ChangeRecord
{
    public required int Number { get; init; }

    public required ChangeKind Kind { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required Plan Plan { get; init; }

    /// <summary>The revision a failed service goes back to; null when there is none.</summary>
    public int? RollbackRevision { get; init; }

    /// <summary>Service → why it goes back.</summary>
    public ImmutableSortedDictionary<string, string> RollbackReasons { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Service → the plan by which it goes back after a failure.</summary>
    public ImmutableSortedDictionary<string, ServicePlan> Rollbacks { get; init; } = ImmutableSortedDictionary<string, ServicePlan>.Empty;

    /// <summary>Service → how its rollout ended, once it has.</summary>
    public ImmutableSortedDictionary<string, ServiceEnd> Ends { get; init; } = ImmutableSortedDictionary<string, ServiceEnd>.Empty;

    /// <summary>Service → what of its rollout is held, for people.</summary>
    public ImmutableSortedDictionary<string, string> Held { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Who asked for it; null: somebody at the coordinator's machine, or the coordinator itself.</summary>
    public string? By { get; init; }

    /// <summary>When one service fails, every service that the change has altered goes back.</summary>
    public bool IsAtomic { get; init; }

    /// <summary>It carries out the revision that is current and good once more, say to bring back a replica: whatever comes of it says nothing against that revision.</summary>
    public bool IsAgain { get; init; }

    /// <summary>Set once nothing further may begin: the services that had begun by then.</summary>
    public ImmutableSortedSet<string>? Begun { get; init; }

    /// <summary>Set while a person holds it.</summary>
    public ChangePause? Pause { get; init; }

    /// <summary>Set once an atomic change goes back as a whole.</summary>
    public ChangeRevert? Revert { get; init; }

    /// <summary>Superseded or Aborted, from when that was asked for: what has begun is wound down.</summary>
    public ChangeOutcome? WindsDown { get; init; }

    /// <summary>Null while it is under way.</summary>
    public ChangeOutcome? Outcome { get; init; }

    public string? Message { get; init; }

    /// <summary>For people: the services that have ended otherwise than well.</summary>
    public IEnumerable<string> Setbacks() => Ends
        .Where(e => e.Value.Outcome != ChangeOutcome.Done)
        .Select(e => $"{e.Key} {(e.Value.Outcome == ChangeOutcome.RolledBack ? "was rolled back" : $"has ended as {e.Value.Outcome.ToString().ToLowerInvariant()}")}{(e.Value.Reason is null ? "" : $" ({e.Value.Reason})")}");
}

/// <param name="Outcome">Done, Failed, RolledBack, Superseded or Aborted.</param>
/// <param name="IsSwitched">A blue-green that has ended otherwise than well, after all traffic had gone to the new replicas and stayed there.</param>
public sealed record ServiceEnd(ChangeOutcome Outcome, string? Reason, bool IsSwitched = false);

/// <param name="By">Who holds it, for people.</param>
public sealed record ChangePause(string By, DateTimeOffset At);

/// <param name="Service">The one that failed first.</param>
/// <param name="IsPlanned">All that had begun has been wound down, and the way back of each service is in <see cref="ChangeRecord.Rollbacks"/>.</param>
public sealed record ChangeRevert(string Service, string Reason, bool IsPlanned);
