namespace Orchestrator.Load.Measuring;

/// <summary>Why a request failed, as its client saw it.</summary>
public enum FailureReason
{
    /// <summary>Nobody listens there.</summary>
    ConnectRefused,

    /// <summary>No answer to the connect in time.</summary>
    ConnectTimeout,

    /// <summary>No route, no port left, and the like.</summary>
    ConnectError,

    /// <summary>The connection was reset while the request or its answer was under way.</summary>
    Reset,

    /// <summary>The connection was closed before all promised bytes had come.</summary>
    EarlyEnd,

    /// <summary>A kept connection was closed or reset at the moment it was used again, before a byte of the answer.</summary>
    StaleConnection,

    /// <summary>No byte for longer than the timeout.</summary>
    Timeout,

    /// <summary>An answer other than 2xx (or 101 for a WebSocket).</summary>
    Status,

    /// <summary>Not HTTP as this client understands it, or a wrong echo.</summary>
    Protocol,

    /// <summary>A WebSocket ended without a close frame.</summary>
    SocketBroken,

    /// <summary>A WebSocket was closed with a code other than 1001 while its client still used it.</summary>
    SocketClosed,
}
