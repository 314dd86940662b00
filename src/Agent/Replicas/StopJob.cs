using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>One stop under way, or waiting for a create or start that is with the engine.</summary>
internal sealed class StopJob(AgentCommand.StopReplica command)
{
    private const int IdsMax = 8;
    private readonly List<string> _ids = [command.CommandId];

    public IReadOnlyList<string> Ids => _ids;

    public TimeSpan? Grace { get; } = command.Grace;

    public bool Retain { get; private set; } = command.Retain;

    public bool HasBegun { get; set; }

    public bool IsRemoved { get; set; }

    public int RemoveAttempts { get; set; }

    /// <summary>To remove wins over to keep: what is removed cannot be kept any longer.</summary>
    public void Join(AgentCommand.StopReplica command)
    {
        _ids.Remove(command.CommandId);
        if (_ids.Count == IdsMax) _ids.RemoveAt(0);
        _ids.Add(command.CommandId);
        Retain &= command.Retain;
    }
}
