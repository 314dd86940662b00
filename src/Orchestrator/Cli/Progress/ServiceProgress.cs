using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Cli.Progress;

/// <summary>Where a service of the change is.</summary>
internal sealed class ServiceProgress(string name, ServiceAction action, int slots)
{
    private readonly SortedDictionary<int, ReplicaProgress> _replicas = [];

    public string Name { get; } = name;

    public ServiceAction Action { get; } = action;

    public int Slots { get; set; } = slots;

    /// <summary>Null before its turn.</summary>
    public DateTimeOffset? Started { get; set; }

    public DateTimeOffset? Ended { get; set; }

    /// <summary>Null until it has ended.</summary>
    public ChangeOutcome? Outcome { get; set; }

    public bool RollingBack { get; set; }

    /// <summary>From 1; 0 before the first.</summary>
    public int Batch { get; set; }

    public int Batches { get; set; }

    public IReadOnlyCollection<ReplicaProgress> Replicas => _replicas.Values;

    public int Passed => _replicas.Values.Count(r => r.Passed);

    public int Failed => _replicas.Values.Count(r => r.Step == ReplicaStep.Failed);

    public void Move(ReplicaProgress replica)
    {
        // A detail that changes within a step does not start the step anew.
        var since = _replicas.TryGetValue(replica.Slot, out var before) && before.Step == replica.Step ? before.Since : replica.Since;
        _replicas[replica.Slot] = replica with { Since = since };
    }

    /// <summary>A rollback goes over the slots again.</summary>
    public void StartOver()
    {
        RollingBack = true;
        Batch = 0;
        Batches = 0;
        _replicas.Clear();
    }
}
