using Orchestrator.Api;

namespace Orchestrator.Cli;

/// <summary>What the process returns; scripts depend on these numbers, see docs/exit-codes.md.</summary>
internal static class ExitCode
{
    /// <summary>Done, or nothing to do.</summary>
    public const int Done = 0;

    /// <summary>Failed or paused as it stands, refused because something else is under way, or a fault of ours.</summary>
    public const int Failed = 1;

    /// <summary>Bad usage or a bad file; nothing was changed.</summary>
    public const int Usage = 2;

    /// <summary>Failed, and the previous version serves again.</summary>
    public const int RolledBack = 3;

    /// <summary>The time given with --timeout is over; the change is not.</summary>
    public const int TimedOut = 4;

    /// <summary>Coordinator, host or engine cannot be reached, or does not let us in.</summary>
    public const int Unreachable = 5;

    /// <summary>A newer deploy of the stack took over.</summary>
    public const int Superseded = 6;

    /// <summary>Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;

    /// <summary>Who read our output has closed it, as <c>| head</c> does; what a program killed by SIGPIPE returns.</summary>
    public const int OutputClosed = 141;

    public static int Of(ChangeOutcome outcome, ChangeRequest request) => outcome switch
    {
        ChangeOutcome.Done or ChangeOutcome.NothingToDo or ChangeOutcome.Held => Done,
        ChangeOutcome.Paused => request is ChangeRequest.Pause ? Done : Failed,
        ChangeOutcome.Failed => Failed,
        ChangeOutcome.RolledBack => RolledBack,
        ChangeOutcome.Superseded => Superseded,
        ChangeOutcome.Aborted => request is ChangeRequest.Abort ? Done : Failed,
    };

    public static int Of(CoordinatorErrorKind kind) => kind switch
    {
        CoordinatorErrorKind.Invalid or CoordinatorErrorKind.NotFound => Usage,
        CoordinatorErrorKind.Unreachable or CoordinatorErrorKind.Denied => Unreachable,
        CoordinatorErrorKind.Conflict or CoordinatorErrorKind.Internal => Failed,
    };
}
