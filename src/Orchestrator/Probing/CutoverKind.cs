namespace Orchestrator.Probing;

/// <summary>What happened to a replica that its clients may notice.</summary>
public enum CutoverKind
{
    /// <summary>A new replica is through its gate.</summary>
    Passed,

    /// <summary>Every ingress sends requests to it.</summary>
    Published,

    /// <summary>No ingress sends requests to it any more, and those that were open have ended or their time was up.</summary>
    Drained,

    /// <summary>An old replica was told to stop.</summary>
    Stopping,

    Stopped,
    Removed,
    Failed,
}
