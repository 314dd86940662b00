namespace Orchestrator.Probing;

/// <summary>How requests reach the server. The two kinds fail differently: a kept-alive connection is cut when its replica goes, a new one is refused while nobody listens.</summary>
public enum ProbeConnections
{
    /// <summary>Every second round over the URLs on kept-alive connections, every other on new ones.</summary>
    Mixed,

    /// <summary>Kept-alive connections, as a browser or a pool has them.</summary>
    Reuse,

    /// <summary>A new connection for each request.</summary>
    New,
}
