namespace Orchestrator.Load.Measuring;

public enum RequestKind
{
    /// <summary>A request over a kept connection.</summary>
    KeepAlive,

    /// <summary>A connection for one request.</summary>
    NewConnection,

    /// <summary>An answer that takes seconds; its latency is that of its head.</summary>
    Stream,

    /// <summary>A WebSocket from its handshake to its close; the latencies are those of its echoes.</summary>
    WebSocket,
}
