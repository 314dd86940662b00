using System.Collections.Frozen;

namespace Orchestrator.Engine;

/// <summary>The one place that says what a daemon's refusal means.</summary>
/// <remarks>Statuses alone do not say it: engines answer 500 for a taken port and for a command that is not in the image, Podman 4 answers 500 for a taken name, and a pull that failed answers 200 and says so in its stream.</remarks>
public static class EngineErrors
{
    /// <summary>Words that win over the status, in this order; compared without case.</summary>
    private static readonly (string Text, EngineErrorKind Kind)[] Texts =
    [
        ("port is already allocated", EngineErrorKind.Conflict),
        ("address already in use", EngineErrorKind.Conflict),
        ("is already in use by", EngineErrorKind.Conflict),
        ("name is already in use", EngineErrorKind.Conflict),
        ("has active endpoints", EngineErrorKind.Conflict),
        ("network already exists", EngineErrorKind.Conflict),
        ("network is being used", EngineErrorKind.Conflict),
        ("container state improper", EngineErrorKind.Conflict),
        ("executable file not found", EngineErrorKind.Fatal),
        ("executable file `", EngineErrorKind.Fatal),
        ("exec format error", EngineErrorKind.Fatal),
        ("invalid reference format", EngineErrorKind.Fatal),
        ("no such container", EngineErrorKind.NotFound),
        ("no container with name or id", EngineErrorKind.NotFound),
        ("no such image", EngineErrorKind.NotFound),
        ("no such network", EngineErrorKind.NotFound),
        ("network not found", EngineErrorKind.NotFound),
        ("unable to find network", EngineErrorKind.NotFound),
        ("no such volume", EngineErrorKind.NotFound),
    ];

    /// <summary>Words of a start's failure that come from the image or the request, not from the moment.</summary>
    private static readonly string[] FatalStarts =
    [
        "no such file or directory: unknown",
        "permission denied: unknown",
        "not a directory: unknown",
        "is a directory: unknown",
        "could not select device driver",
    ];

    /// <summary>All that an engine says to a call it does not have, such as Podman 4 to /update: nothing is missing but the call.</summary>
    private static readonly string[] NoSuchCalls = ["Not Found", "page not found", "404 page not found"];

    /// <summary>What a registry or the way to it says when trying again may help. Looked at before <see cref="FatalPulls"/>.</summary>
    private static readonly string[] TemporaryPulls =
    [
        "toomanyrequests",
        "too many requests",
        "timeout",
        "timed out",
        "deadline exceeded",
        "connection refused",
        "connection reset",
        "TLS handshake",
        "no such host",
        "server misbehaving",
        "temporary failure in name resolution",
        "network is unreachable",
        "no route to host",
        "unexpected EOF",
        "Bad Gateway",
        "Service Unavailable",
        "Internal Server Error",
        "no space left on device",
    ];

    private static readonly string[] FatalPulls =
    [
        "manifest unknown",
        "not found",
        "denied",
        "unauthorized",
        "no basic auth credentials",
        "authentication required",
        "no matching manifest",
        "does not match the specified platform",
        "invalid reference format",
        "gave HTTP response to HTTPS client",
        "x509:",
        "unsupported media type",
        "not supported",
    ];

    private static readonly FrozenDictionary<int, EngineErrorKind> Statuses = new Dictionary<int, EngineErrorKind>
    {
        [404] = EngineErrorKind.NotFound,
        [409] = EngineErrorKind.Conflict,
        [408] = EngineErrorKind.Temporary,
        [429] = EngineErrorKind.Temporary,
        [501] = EngineErrorKind.Fatal,
    }.ToFrozenDictionary();

    /// <param name="status">The HTTP status, 400 or more.</param>
    /// <param name="message">The daemon's words.</param>
    public static EngineErrorKind Classify(int status, string message)
    {
        foreach (var (text, kind) in Texts)
        {
            if (Contains(message, text)) return kind;
        }

        if (status == 404 && Array.Exists(NoSuchCalls, text => message.Equals(text, StringComparison.OrdinalIgnoreCase))) return EngineErrorKind.Fatal;
        if (ContainsAny(message, FatalStarts)) return EngineErrorKind.Fatal;
        if (Statuses.TryGetValue(status, out var known)) return known;
        return status is >= 400 and < 500 ? EngineErrorKind.Fatal : EngineErrorKind.Temporary;
    }

    /// <summary>For pull and distribution: an image the registry does not have, or does not give, is fatal; a registry that does not answer is not.</summary>
    /// <param name="status">200 when the stream itself carried the error.</param>
    public static EngineErrorKind ClassifyPull(int status, string message)
    {
        if (ContainsAny(message, TemporaryPulls)) return EngineErrorKind.Temporary;
        if (ContainsAny(message, FatalPulls)) return EngineErrorKind.Fatal;
        return status is >= 400 and < 500 and not (408 or 429) ? EngineErrorKind.Fatal : EngineErrorKind.Temporary;
    }

    private static bool ContainsAny(string message, string[] texts) => Array.Exists(texts, text => Contains(message, text));

    private static bool Contains(string message, string text) => message.Contains(text, StringComparison.OrdinalIgnoreCase);
}
