using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Fleet;

/// <summary>What is told to <c>/user/coordinator/fleet</c>, the coordinator's end of every agent, and what it answers.</summary>
public abstract record FleetMessage
{
    /// <summary>An agent's link is up. Answered to the sender with <see cref="SessionOpened"/>. A second session of the same host replaces the first, whose <paramref name="Downlink"/> is told <see cref="SessionReplaced"/>.</summary>
    /// <param name="Host">The name in the agent's certificate; lower case.</param>
    /// <param name="Downlink">Takes <see cref="AgentCommand"/>s; watched: its end is a disconnect.</param>
    public sealed record AgentConnected(string Host, IActorRef Downlink) : FleetMessage;

    /// <summary>The link is gone (closed, or silent past its deadline).</summary>
    public sealed record AgentDisconnected(string Host, IActorRef Downlink, string Reason) : FleetMessage;

    /// <param name="Uplink">Takes the agent's <see cref="AgentEvent"/>s.</param>
    public sealed record SessionOpened(IActorRef Uplink) : FleetMessage;

    public sealed record SessionReplaced : FleetMessage;

    /// <summary>Sends a command and keeps it until its last answer, over reconnects. The sender gets <see cref="Answered"/>s, or <see cref="HostLost"/> when the host is down or unknown.</summary>
    /// <param name="Change">What is new in a table, for a host that has shown the version before it.</param>
    public sealed record Send(string Host, AgentCommand Command, TableChange? Change = null) : FleetMessage;

    /// <param name="CommandId">The command this answers.</param>
    public sealed record Answered(string Host, string CommandId, AgentEvent Event) : FleetMessage;

    /// <param name="CommandId">The command that is dropped; null when told to a subscriber.</param>
    public sealed record HostLost(string Host, string? CommandId) : FleetMessage;

    /// <summary>The sender is told <see cref="HostLost"/> for every host that goes down from now on, until it ends.</summary>
    /// <param name="Replicas">And <see cref="Changed"/>, as the parent is.</param>
    public sealed record Subscribe(bool Replicas = false) : FleetMessage;

    /// <summary>Answered with a <see cref="FleetSnapshot"/> once no host is Unknown.</summary>
    /// <param name="Stack">Have the agents that have something of it report first (bounded by <see cref="FleetActor.RefreshTimeout"/>): agents tell each change of a replica, but what they have told may be under way. Null: as it is known.</param>
    /// <param name="AwaitsLinks">Wait also while a host is Disconnected: it is back or down within <see cref="FleetOptions.HostDownAfter"/>.</param>
    public sealed record GetFleet(string? Stack = null, bool AwaitsLinks = false) : FleetMessage;

    /// <summary>Answered with the snapshot as it is.</summary>
    public sealed record PeekFleet : FleetMessage;

    /// <summary>Told to the parent, and to who has subscribed to it: a host's state or replicas changed.</summary>
    /// <param name="Stacks">Stacks that have something there, or had, which is otherwise than before.</param>
    /// <param name="Fleet">As it is now.</param>
    public sealed record Changed(string Host, ImmutableArray<string> Stacks, FleetSnapshot Fleet, ChangeScope Scope = ChangeScope.Named) : FleetMessage;

    /// <summary>These hosts need not show the stack: none waits for its table. Until one is sent a table of it, and over reconnects. Not answered.</summary>
    public sealed record Excuse(string Stack, ImmutableArray<string> Hosts) : FleetMessage;

    /// <summary>The stacks that have a table of traffic: told to each host on connect, before any table. Until it is known, none is told.</summary>
    public sealed record Roster(ImmutableArray<string> Stacks) : FleetMessage;

    /// <summary>Forget a host that is down. Answered with <see cref="HostForgotten"/>.</summary>
    public sealed record Forget(string Host) : FleetMessage;

    /// <param name="Error">Null on success.</param>
    public sealed record HostForgotten(string? Error) : FleetMessage;
}
