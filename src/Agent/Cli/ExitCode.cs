using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

/// <summary>What the process returns; the same numbers as the <c>orchestrator</c> program's.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Something is in the way, or a fault of ours.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage, or this host has not joined.</summary>
    public const int Usage = 2;

    /// <summary>No coordinator or engine can be reached, or it does not let us in.</summary>
    public const int Unreachable = 5;

    public static int Of(TrustErrorKind kind) => kind switch
    {
        TrustErrorKind.Invalid => Usage,
        TrustErrorKind.Unreachable or TrustErrorKind.Denied => Unreachable,
        TrustErrorKind.Conflict => Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown kind"),
    };
}
