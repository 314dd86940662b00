using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>Between <c>/user/agent</c> and one replica. Commands come as they are, events go as they are.</summary>
internal abstract record ReplicaMessage
{
    /// <summary>To the replica: its container as the engine shows it now.</summary>
    public sealed record Observed(ContainerDetails Container) : ReplicaMessage;

    /// <summary>To the replica: its container is no more.</summary>
    public sealed record Gone(string ContainerId) : ReplicaMessage;

    /// <summary>From the replica: what only it knows of its container.</summary>
    public sealed record Judged(ReplicaKey Key, ReplicaVerdict Verdict) : ReplicaMessage;

    /// <summary>From the replica, on its start: tell me what was observed last.</summary>
    public sealed record Introduce(ReplicaKey Key) : ReplicaMessage;

    /// <summary>From the replica: nothing to do and no container. It is ended unless more than <paramref name="Received"/> messages have been sent to it.</summary>
    public sealed record Retire(ReplicaKey Key, long Received) : ReplicaMessage;
}
