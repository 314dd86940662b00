using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Fleet;

/// <summary>Between <see cref="FleetActor"/> and its <see cref="HostActor"/>s.</summary>
internal abstract record HostMessage
{
    public sealed record Connect(IActorRef Downlink, IActorRef ReplyTo) : HostMessage;

    public sealed record Disconnect(IActorRef Downlink, string Reason) : HostMessage;

    /// <param name="Change">As in <see cref="FleetMessage.Send"/>.</param>
    public sealed record Deliver(AgentCommand Command, IActorRef ReplyTo, TableChange? Change = null) : HostMessage;

    /// <summary>Ask the agent for its inventory if it has something of the stack, or is to have; answered with <see cref="Refreshed"/>, also when it disconnects meanwhile.</summary>
    public sealed record Refresh(long Number, string Stack) : HostMessage;

    public sealed record Refreshed(string Host, long Number) : HostMessage;

    /// <summary>To the parent. <paramref name="Stacks"/> as in <see cref="FleetMessage.Changed"/>; when there are none, and the scope is theirs, nobody need look.</summary>
    public sealed record Updated(HostSnapshot Snapshot, ImmutableArray<string> Stacks, ChangeScope Scope = ChangeScope.Named) : HostMessage;

    /// <summary>As <see cref="FleetMessage.Excuse"/>.</summary>
    public sealed record Excuse(string Stack) : HostMessage;

    public sealed record DownDeadlinePassed : HostMessage;
}
