namespace Orchestrator.Engine;

/// <summary>One request to the engine.</summary>
/// <param name="Path">Without the version; escaped, with its query.</param>
internal sealed record EngineCall(HttpMethod Method, string Path)
{
    /// <summary>Without a content, once; a stream as content cannot be sent twice.</summary>
    public HttpContent? Content { get; init; }

    /// <summary>For the whole call, or for the first answer of a stream; null waits as long as the caller does.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Its refusals come from a registry.</summary>
    public bool IsPull { get; init; }

    /// <summary>Asks for a raw connection, so that output comes unbuffered through proxies too.</summary>
    public bool Upgrade { get; init; }

    public string? RegistryAuth { get; init; }

    public static EngineCall Get(string path) => new(HttpMethod.Get, path);

    public static EngineCall Post(string path, HttpContent? content = null) => new(HttpMethod.Post, path) { Content = content };

    public static EngineCall Delete(string path) => new(HttpMethod.Delete, path);

    /// <summary>Escapes one name for a path. Image references keep their slashes, colons and at-signs: the daemon's routes expect them bare.</summary>
    public static string Escape(string name) => Uri.EscapeDataString(name)
        .Replace("%2F", "/", StringComparison.Ordinal)
        .Replace("%3A", ":", StringComparison.Ordinal)
        .Replace("%40", "@", StringComparison.Ordinal);
}
