namespace Orchestrator.Load.Measuring;

/// <summary>How reports name kinds and reasons.</summary>
internal static class Words
{
    public static string Word(this RequestKind kind) => kind switch
    {
        RequestKind.KeepAlive => "keep-alive",
        RequestKind.NewConnection => "new-connection",
        RequestKind.Stream => "stream",
        RequestKind.WebSocket => "websocket",
    };

    public static string Word(this FailureReason reason) => reason switch
    {
        FailureReason.ConnectRefused => "connect-refused",
        FailureReason.ConnectTimeout => "connect-timeout",
        FailureReason.ConnectError => "connect-error",
        FailureReason.Reset => "reset",
        FailureReason.EarlyEnd => "early-end",
        FailureReason.StaleConnection => "stale-connection",
        FailureReason.Timeout => "timeout",
        FailureReason.Status => "status",
        FailureReason.Protocol => "protocol",
        FailureReason.SocketBroken => "socket-broken",
        FailureReason.SocketClosed => "socket-closed",
    };
}
