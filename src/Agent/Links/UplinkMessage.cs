namespace Orchestrator.Agent.Links;

/// <summary>What the link tells <c>/user/agent</c>.</summary>
public abstract record UplinkMessage
{
    /// <summary>Connected: the agent answers with its whole inventory to <paramref name="Uplink"/>, and sends every later event there. Commands come as plain <c>AgentCommand</c> messages.</summary>
    public sealed record LinkUp(IActorRef Uplink) : UplinkMessage;

    /// <summary>Events are dropped until the next <see cref="LinkUp"/>: the inventory sent then makes up for them.</summary>
    public sealed record LinkDown(string Reason) : UplinkMessage;
}
