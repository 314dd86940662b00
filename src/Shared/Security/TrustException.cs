namespace Orchestrator.Security;

public enum TrustErrorKind
{
    /// <summary>A file, token or request is malformed.</summary>
    Invalid,

    /// <summary>No coordinator answers.</summary>
    Unreachable,

    /// <summary>One side does not accept the other: wrong authority, token, certificate or role.</summary>
    Denied,

    /// <summary>Something is in the way that is not overwritten unasked.</summary>
    Conflict,
}

/// <summary>A refusal in matters of trust, in words for the user.</summary>
public sealed class TrustException(TrustErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    public TrustErrorKind Kind { get; } = kind;
}
