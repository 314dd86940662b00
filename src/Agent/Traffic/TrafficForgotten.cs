namespace Orchestrator.Agent.Traffic;

/// <summary>From <c>/user/agent/traffic</c> to its parent: it was restarted, and has to be told every stack's table again.</summary>
internal sealed record TrafficForgotten;
