using Orchestrator.Protocol;

namespace Orchestrator.Agent.Stacks;

/// <summary>From the removal of a stack to the agent: have this replica stopped, and give me, not the coordinator, the answer.</summary>
internal sealed record StackRemovalStop(AgentCommand.StopReplica Command);
