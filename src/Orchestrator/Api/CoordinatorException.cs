namespace Orchestrator.Api;

public enum CoordinatorErrorKind
{
    /// <summary>Exit code 2: the request or the file is wrong, or preflight refuses it; nothing was changed.</summary>
    Invalid,

    /// <summary>Exit code 2: no such stack, revision, host.</summary>
    NotFound,

    /// <summary>Exit code 5: coordinator, host or engine cannot be reached.</summary>
    Unreachable,

    /// <summary>Exit code 5: the certificate is not accepted, or its role may not do this.</summary>
    Denied,

    /// <summary>Exit code 1: nothing to resume, a change is paused, another run holds the lock.</summary>
    Conflict,

    /// <summary>Exit code 1: a fault of ours.</summary>
    Internal,
}

/// <summary>A refusal with its reason in words for the user: what, where, why, what to do next.</summary>
public sealed class CoordinatorException(CoordinatorErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public CoordinatorErrorKind Kind { get; } = kind;
}
