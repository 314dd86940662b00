using System.Collections.Immutable;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>What is told to <c>/user/coordinator/traffic</c>, and what it answers. Each but <see cref="FleetChanged"/> names its stack.</summary>
internal abstract record TrafficMessage
{
    /// <summary>What the stack wants, after every change of it.</summary>
    /// <param name="Revisions">Every revision that may still have replicas; newest first.</param>
    /// <param name="Head">Which of them is wanted, and what is in maintenance.</param>
    public sealed record Retarget(StackHead Head, ImmutableArray<StackRevision> Revisions) : TrafficMessage;

    /// <summary>A rollout's: the replica has passed its gate. Answered with <see cref="Published"/> or <see cref="Refused"/> once every host shows it.</summary>
    public sealed record Publish(ReplicaKey Replica, string Host) : TrafficMessage;

    /// <param name="Restarts">How often it had been started anew when it was to be published; null when the fleet did not know it yet.</param>
    public sealed record Published(ReplicaKey Replica, string Host, int? Restarts = null) : TrafficMessage;

    /// <summary>Before <see cref="Published"/>: which hosts do not show it yet, and why, whenever that changes.</summary>
    public sealed record Awaited(ReplicaKey Replica, string Host, string For) : TrafficMessage;

    /// <summary>It cannot be shown everywhere, or is the successor of what was to be drained and does not serve any more.</summary>
    public sealed record Refused(ReplicaKey Replica, string Host, FailureReport Report) : TrafficMessage;

    /// <summary>A rollout's: the replica, which is not there yet, takes no traffic wherever it comes to be, until it is published or switched to. Answered with <see cref="Withheld"/> once that is durable.</summary>
    public sealed record Withhold(ReplicaKey Replica) : TrafficMessage;

    public sealed record Withheld(ReplicaKey Replica) : TrafficMessage;

    /// <summary>A rollout's: with one table, once all of the new replicas serve, they take all traffic and the old ones none. When one does not within its patience, all are refused and nothing has changed; a slot that is drained or undrained meanwhile is left out. Each new one is answered as by <see cref="Publish"/>; the old ones are drained as by <see cref="Drain"/>, which is asked for besides.</summary>
    public sealed record Switch(ImmutableArray<(ReplicaKey Replica, string Host)> To, ImmutableArray<(ReplicaKey Replica, string Host)> From) : TrafficMessage;

    /// <summary>A rollout's: the replica is to go. Answered with <see cref="Drained"/> once no host sends anything to it and nothing is open, or the drain timeout has passed.</summary>
    /// <param name="For">What takes its place: until that serves everywhere nothing is drained, and when it dies instead, it is <see cref="Refused"/>. Null: nothing does.</param>
    /// <param name="UnlessLast">It is the new one of a slot that was given up: when it serves, and no other of its slot does, it is <see cref="Kept"/>.</param>
    public sealed record Drain(ReplicaKey Replica, string Host, Successor? For = null, bool UnlessLast = false) : TrafficMessage;

    /// <summary>It was not drained and serves on.</summary>
    public sealed record Kept(ReplicaKey Replica, string Host) : TrafficMessage;

    /// <param name="Restarts">As in <see cref="Published"/>: with more of them it has exited since.</param>
    public sealed record Successor(ReplicaKey Replica, string Host, int? Restarts);

    public sealed record Drained(ReplicaKey Replica, string Host) : TrafficMessage;

    /// <summary>The replica stays. Not answered.</summary>
    public sealed record Undrain(ReplicaKey Replica, string Host) : TrafficMessage;

    /// <summary>A rollout's that gives slots up: with one table the first take traffic again, as by <see cref="Undrain"/>, and the second none any more, each as by <see cref="Drain"/> unless it is the last of its slot.</summary>
    public sealed record SwitchBack(ImmutableArray<(ReplicaKey Replica, string Host)> To, ImmutableArray<(ReplicaKey Replica, string Host)> From) : TrafficMessage;

    /// <summary>Every replica of this revision of a service takes traffic again: a rollout leads to it. Not answered.</summary>
    /// <param name="Switched">Slots that stay as they are until the rollout switches them.</param>
    public sealed record UndrainRevision(string Stack, string Service, string Revision, ImmutableArray<int> Switched) : TrafficMessage;

    /// <summary>A rollout's, before it has a replica made: the host is to have a container of the stack, and is shown its table from now on. Not answered.</summary>
    public sealed record Attend(string Stack, string Host) : TrafficMessage;

    /// <summary>Answered with <see cref="Settled"/> when every host shows the newest table.</summary>
    public sealed record Settle(string Stack) : TrafficMessage;

    public sealed record Settled(string Stack, long Version) : TrafficMessage;

    /// <summary>May the stack listen there? Answered with <see cref="ListenersChecked"/>.</summary>
    public sealed record CheckListeners(string Stack, ImmutableArray<Listener> Listeners) : TrafficMessage;

    /// <param name="Conflicts">For people; empty when it may.</param>
    public sealed record ListenersChecked(ImmutableArray<string> Conflicts) : TrafficMessage;

    /// <summary>Answered with <see cref="StandingReport"/>.</summary>
    public sealed record GetStanding(string Stack) : TrafficMessage;

    /// <param name="Behind">Hosts that do not show the newest version, each with the reason it gave or none.</param>
    /// <param name="HeldBack">What is out of the traffic until a switch, as <c>service/slot/revision</c>.</param>
    /// <param name="TakenOut">What must not take traffic any more, by its endpoint's id.</param>
    public sealed record StandingReport(string Stack, TrafficTable Table, ImmutableSortedDictionary<string, string> Behind, ImmutableSortedSet<string> HeldBack, ImmutableSortedSet<string> TakenOut) : TrafficMessage
    {
        /// <summary>Of a stack that nothing is known of.</summary>
        public static StandingReport None(string stack) =>
            new(stack, new TrafficTable { Stack = stack, Version = 0 }, ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal), TrafficMarks.None.Withheld, TrafficMarks.None.Draining);
    }

    /// <summary>The stack is gone for good: hosts are told to forget it. Answered with <see cref="Settled"/> when all have, or the bound has passed.</summary>
    public sealed record Remove(string Stack) : TrafficMessage;

    /// <summary>From the own actor of a stack that was removed: every host has forgotten it, and nobody waits. Answered with <see cref="Leave"/> unless it is deployed again.</summary>
    /// <param name="Version">Of the table by which they have.</param>
    public sealed record Emptied(string Stack, long Version) : TrafficMessage;

    /// <summary>To a stack's own actor: it is to end. When it has been told otherwise meanwhile it does not, and answers with <see cref="Stays"/>.</summary>
    public sealed record Leave(string Stack) : TrafficMessage;

    public sealed record Stays(string Stack) : TrafficMessage;

    /// <summary>From a stack's own actor: it has lost what the stack wants, and is told again. Answered with <see cref="TrafficTarget"/> unless the stack is gone.</summary>
    public sealed record Restarted(string Stack) : TrafficMessage;

    /// <summary>From the fleet, by way of the coordinator: as <see cref="FleetMessage.Changed"/>.</summary>
    public sealed record FleetChanged(string Host, ImmutableArray<string> Stacks, FleetSnapshot Fleet, ChangeScope Scope) : TrafficMessage;
}
