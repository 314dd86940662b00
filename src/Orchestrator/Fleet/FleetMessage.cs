using Orchestrator.Protocol;

namespace Orchestrator.Fleet;

/// <summary>What the links tell <c>/user/coordinator/fleet</c>, the coordinator's end of every agent.</summary>
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
}
