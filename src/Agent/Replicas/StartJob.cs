using System.Collections.Immutable;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>One start under way: from the command to the passed gate or the report of its failure.</summary>
internal sealed class StartJob(AgentCommand.StartReplica command, DateTimeOffset receivedAt)
{
    /// <summary>The coordinator repeats a command rarely and under few ids; older ones have nobody who waits.</summary>
    private const int IdsMax = 8;

    private readonly List<string> _ids = [command.CommandId];

    /// <summary>All commands that asked for this start; each is answered.</summary>
    public IReadOnlyList<string> Ids => _ids;

    public ReplicaSpec Spec { get; } = command.Spec;

    /// <summary>The command that a container made now is labelled with.</summary>
    public string Instance { get; } = command.CommandId;

    public DateTimeOffset ReceivedAt { get; } = receivedAt;

    public ReplicaPhase? Phase { get; set; }

    /// <summary>A create or start is with the engine: abandoned, it might still happen, so a stop waits for its end.</summary>
    public bool IsCommitted { get; set; }

    /// <summary>It has failed; the report is being gathered and the container stopped.</summary>
    public bool IsFailing { get; set; }

    public bool IsReady { get; set; }

    /// <summary>It has passed, and only the look before the answer is due: what happens to the container from now on is no failure of its gate.</summary>
    public bool IsSealed { get; set; }

    public bool HasImage { get; set; }

    /// <summary>How often a container that was there before has been given up for a new one.</summary>
    public int Replacements { get; set; }

    public int NameConflicts { get; set; }

    /// <summary>The container's name, where its own is taken by somebody else's; null for its own.</summary>
    public string? OtherName { get; set; }

    /// <summary>Failures in a row of the engine call under way.</summary>
    public int Attempts { get; set; }

    public string? ContainerId { get; set; }

    /// <summary>By the engine name of a network: what the container is created with.</summary>
    public ImmutableSortedDictionary<string, string> Addresses { get; set; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The engine gave them to somebody else.</summary>
    public ImmutableHashSet<string> RefusedAddresses { get; set; } = [];

    /// <summary>By the engine's clock.</summary>
    public DateTimeOffset? EngineStartedAt { get; set; }

    /// <summary>By ours.</summary>
    public DateTimeOffset StartedAt { get; set; }

    /// <summary>Failures at the pace of the engine; see <see cref="GateProbe.Counts"/>.</summary>
    public int CountedProbes { get; set; }

    public DateTimeOffset? LastCountedProbe { get; set; }

    public ExecResult? LastProbe { get; set; }

    public string? ProbeError { get; set; }

    public string? Told { get; set; }

    public DateTimeOffset ToldAt { get; set; }

    public void Join(string id)
    {
        _ids.Remove(id);
        if (_ids.Count == IdsMax) _ids.RemoveAt(0);
        _ids.Add(id);
    }
}
