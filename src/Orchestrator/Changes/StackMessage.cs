using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Changes;

/// <summary>What is told to a stack's actor, directly or through the coordinator, and what it answers.</summary>
public abstract record StackMessage
{
    /// <summary>The follower is told <see cref="Followed"/> for each event, or <see cref="Rejected"/>.</summary>
    public sealed record Change(ChangeRequest Request, IActorRef Follower) : StackMessage;

    /// <summary>Answered with <see cref="Planned"/> or <see cref="Rejected"/>; changes nothing.</summary>
    public sealed record PlanOnly(ChangeRequest Request) : StackMessage;

    /// <param name="File">Null unless a deploy was planned.</param>
    public sealed record Planned(Plan Plan, PlanFile? File) : StackMessage;

    public sealed record Followed(ChangeEvent Event) : StackMessage;

    public sealed record Rejected(CoordinatorErrorKind Kind, string Message) : StackMessage;

    /// <summary>Answered with <see cref="StackState"/>.</summary>
    public sealed record GetState(string Stack) : StackMessage;

    /// <summary>Answered with the state of each stack.</summary>
    public sealed record GetStates : StackMessage;

    /// <summary>Answered with <see cref="EventsFound"/> or <see cref="Rejected"/>.</summary>
    /// <param name="Stack">Null: all.</param>
    /// <param name="After">Stack → the last event that is known already.</param>
    public sealed record GetEvents(string? Stack, ImmutableDictionary<string, EventMark> After, DateTimeOffset? Since) : StackMessage;

    /// <param name="Events">Oldest first.</param>
    public sealed record EventsFound(ImmutableArray<StackEvent> Events) : StackMessage;

    /// <summary>A host with replicas of the stack went down, or is back from that with some.</summary>
    public sealed record HostChanged(HostSnapshot Host) : StackMessage;

    /// <summary>The engine of a host with replicas of the stack answers no more, or again.</summary>
    public sealed record EngineChanged(HostSnapshot Host) : StackMessage;

    /// <summary>Answered with <see cref="Explained"/> or <see cref="Rejected"/>.</summary>
    /// <param name="Service">Null: all of them.</param>
    public sealed record Explain(string Stack, string? Service) : StackMessage;

    public sealed record Explained(ExplanationView View) : StackMessage;

    /// <summary>Answered with <see cref="MaintenanceSet"/> or <see cref="Rejected"/>.</summary>
    /// <param name="Hold">How long requests wait for its end before the page is answered; null: as the file says.</param>
    /// <param name="By">Who asks, if known.</param>
    public sealed record SetMaintenance(string Stack, string Service, bool On, TimeSpan? Hold = null, string? By = null) : StackMessage;

    /// <param name="Version">The traffic table that every host had acknowledged by then; 0 when no table says so yet.</param>
    public sealed record MaintenanceSet(long Version) : StackMessage;

    /// <summary>The fleet changed where it may matter to this stack.</summary>
    public sealed record Observe(FleetSnapshot Fleet) : StackMessage;

    /// <summary>To the coordinator: from now on the stack looks, or need not look, at each host that is ready again, whatever that has of it.</summary>
    public sealed record AwaitsHosts(string Stack, bool Awaits) : StackMessage;

    /// <summary>To the coordinator: the stack and its history are gone.</summary>
    /// <param name="UnreachableHosts">Where its containers are still to be removed.</param>
    public sealed record Removed(string Stack, ImmutableArray<string> UnreachableHosts) : StackMessage;
}

/// <summary>How far a reader of events has got.</summary>
/// <param name="At">A stack that was removed and deployed again counts from 1 again: then another moment has that number.</param>
public readonly record struct EventMark(long Number, DateTimeOffset At);

/// <param name="Revisions">Newest first.</param>
/// <param name="Active">The change under way, paused ones included.</param>
public sealed record StackState(StackHead Head, ImmutableArray<StackRevision> Revisions, ChangeRecord? Active, string? Detail)
{
    /// <summary>Services of which a replica is being brought back.</summary>
    public ImmutableArray<string> Repairing { get; init; } = [];

    /// <summary>What the last look at what is to be repaired found no place for, and why: full hosts, taken ports.</summary>
    public ImmutableArray<string> Refusals { get; init; } = [];

    /// <summary>Replicas that end over and over.</summary>
    public ImmutableDictionary<(string Service, int Slot), CrashLoopView> CrashLoops { get; init; } = ImmutableDictionary<(string, int), CrashLoopView>.Empty;
}
