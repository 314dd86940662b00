namespace Orchestrator.Agent.Replicas;

/// <summary>The agent's other children that a replica asks.</summary>
internal sealed record ReplicaPeers(IActorRef Images, IActorRef Networks, IActorRef Watcher);
