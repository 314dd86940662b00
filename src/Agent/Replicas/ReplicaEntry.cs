using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>What <c>/user/agent</c> holds of one replica: its actor, its container as last seen, and what was last reported of it.</summary>
internal sealed class ReplicaEntry(ReplicaKey key, IActorRef actor)
{
    /// <summary>Messages to an actor that is just ending; more is a loop.</summary>
    private const int WaitingMax = 64;

    private readonly List<object> _waiting = [];
    private long _sent;

    public ReplicaKey Key { get; } = key;

    public IActorRef Actor { get; } = actor;

    public ContainerDetails? Container { get; set; }

    public ReplicaVerdict Verdict { get; set; } = ReplicaVerdict.Unknown;

    public ReplicaSnapshot? Reported { get; set; }

    public bool IsEnding { get; private set; }

    /// <summary>For the actor that follows this one.</summary>
    public IReadOnlyList<object> Waiting => _waiting;

    public void Tell(object message)
    {
        if (!IsEnding)
        {
            _sent++;
            Actor.Tell(message);
        }
        else if (_waiting.Count < WaitingMax)
        {
            _waiting.Add(message);
        }
    }

    /// <summary>False when something is on its way that the actor had not seen when it asked to be ended.</summary>
    public bool TryEnd(long received)
    {
        if (IsEnding || received != _sent) return false;
        IsEnding = true;
        return true;
    }
}
