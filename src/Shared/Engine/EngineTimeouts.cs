namespace Orchestrator.Engine;

/// <summary>How long each kind of engine call may take. Tests shorten them; the defaults are generous, for a busy host's daemon is slow long before it is broken.</summary>
public sealed record EngineTimeouts
{
    /// <summary>To open one connection. 10 s: a local socket answers at once, a far host within a few round trips.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>To open one connection by ssh, with its key exchange and perhaps a jump host; added to the call's own time.</summary>
    public TimeSpan ConnectSsh { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>A ping and the negotiation of the version: a healthy daemon answers within milliseconds.</summary>
    public TimeSpan Ping { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Calls that only read the daemon's state, and the first byte of a stream.</summary>
    public TimeSpan Read { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Calls that change something: create, start, remove, connect, …</summary>
    public TimeSpan Change { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What a stop may take beyond its grace period.</summary>
    public TimeSpan StopMargin { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A stop whose grace period is the container's own, unknown to the caller.</summary>
    public TimeSpan StopUnknownGrace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>One exec. Beyond it the command goes on in the container, for the API cannot end it.</summary>
    public TimeSpan Exec { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long the exit code may lag behind the end of an exec's output.</summary>
    public TimeSpan ExecExitCode { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Uploads and downloads: archives and image tars.</summary>
    public TimeSpan Transfer { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A transfer or pull that shows no sign of life for so long is given up. 5 min: unpacking one large layer is silent.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(5);

    public TimeSpan Pull { get; init; } = TimeSpan.FromHours(2);
}
