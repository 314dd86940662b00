namespace Orchestrator.Agent.Ingress;

/// <summary>How much of what is open at a draining replica is closed now. Pure.</summary>
internal static class DrainWindow
{
    /// <summary>How often open sessions are counted while something drains.</summary>
    public static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);

    /// <summary>WebSockets and the like, which never end by themselves, are closed one after the other over the last fifth of the window, so that their clients do not all come back at once.</summary>
    private const double ClosingShare = 0.2;

    private static readonly TimeSpan ClosingMax = TimeSpan.FromSeconds(10);

    public static bool IsOver(TimeSpan elapsed, TimeSpan timeout) => elapsed >= timeout;

    /// <returns>How many of the open sessions to close at this tick.</returns>
    public static int ToClose(TimeSpan elapsed, TimeSpan timeout, int open)
    {
        var closing = timeout * ClosingShare < ClosingMax ? timeout * ClosingShare : ClosingMax;
        var left = timeout - elapsed;
        if (open == 0 || left > closing) return 0;
        return (int)Math.Ceiling(open / Math.Max(1, Math.Floor(left / Tick)));
    }
}
