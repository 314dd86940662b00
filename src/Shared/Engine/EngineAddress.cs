namespace Orchestrator.Engine;

/// <summary>How an engine is reached.</summary>
public enum EngineTransport
{
    Unix,
    Tcp,
    Ssh,
}

/// <summary>Where an engine is: <c>unix:///path</c>, <c>tcp://host:port</c>, <c>ssh://user@host</c>, with the certificates for TLS.</summary>
public sealed record EngineAddress
{
    public const string DefaultSocket = "/var/run/docker.sock";

    /// <summary>Docker's registered ports, for an address without one.</summary>
    private const int PlainPort = 2375;

    private const int TlsPort = 2376;

    public required EngineTransport Transport { get; init; }

    /// <summary>The socket's path; empty for other transports.</summary>
    public string Path { get; init; } = "";

    public string Host { get; init; } = "";

    /// <summary>0 for ssh's own choice.</summary>
    public int Port { get; init; }

    public string? User { get; init; }

    /// <summary>Null for plain TCP.</summary>
    public EngineTls? Tls { get; init; }

    /// <summary>What named this address: <c>DOCKER_HOST</c>, <c>context "fleet"</c>, …; for messages.</summary>
    public string Source { get; init; } = "default";

    public static EngineAddress Default { get; } = new() { Transport = EngineTransport.Unix, Path = DefaultSocket };

    /// <exception cref="FormatException">Not an address; the message says what one looks like.</exception>
    public static EngineAddress Parse(string text, EngineTls? tls = null, string source = "address")
    {
        if (text.StartsWith('/')) text = "unix://" + text;
        if (text.StartsWith("unix://", StringComparison.OrdinalIgnoreCase))
        {
            var path = text["unix://".Length..];
            return path.StartsWith('/') ? new EngineAddress { Transport = EngineTransport.Unix, Path = path, Source = source } : throw Invalid(text, source);
        }

        // "tcp://1.2.3.4" has no default port that Uri knows; it reports -1.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0) throw Invalid(text, source);
        if (uri.Scheme == "https") tls ??= EngineTls.SystemTrust;
        return uri.Scheme switch
        {
            "tcp" or "http" or "https" => new EngineAddress
            {
                Transport = EngineTransport.Tcp,
                Host = uri.IdnHost,
                Port = PortOf(uri, tls is null ? PlainPort : TlsPort),
                Tls = tls,
                Source = source,
            },
            "ssh" => new EngineAddress
            {
                Transport = EngineTransport.Ssh,
                Host = SshName(uri.IdnHost, text, source),
                Port = uri.Port > 0 ? uri.Port : 0,
                User = uri.UserInfo.Length == 0 ? null : SshName(uri.UserInfo.Split(':')[0], text, source),
                Source = source,
            },
            _ => throw Invalid(text, source),
        };
    }

    /// <summary>An explicit value, else DOCKER_HOST, else DOCKER_CONTEXT or the current context of Docker's config file, else the default socket: Docker's own order.</summary>
    /// <exception cref="FormatException">A named source holds no usable address.</exception>
    public static EngineAddress Resolve(string? explicitAddress, DockerEnvironment environment)
    {
        if (!string.IsNullOrEmpty(explicitAddress)) return Parse(explicitAddress, environment.Tls, "given address");
        if (environment.Host is { } host) return Parse(host, environment.Tls, "DOCKER_HOST");
        return DockerContexts.Find(environment) ?? Default;
    }

    public override string ToString() => Transport switch
    {
        EngineTransport.Unix => "unix://" + Path,
        EngineTransport.Tcp => $"tcp://{BracketedHost}:{Port}",
        EngineTransport.Ssh => $"ssh://{(User is null ? "" : User + "@")}{BracketedHost}{(Port == 0 ? "" : ":" + Port)}",
        _ => throw new InvalidOperationException($"no such transport: {Transport}"),
    };

    private string BracketedHost => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;

    private static int PortOf(Uri uri, int otherwise) => uri.Port <= 0 || (uri.IsDefaultPort && !uri.OriginalString.Contains($":{uri.Port}", StringComparison.Ordinal)) ? otherwise : uri.Port;

    /// <summary>A name that begins with a hyphen would be an option to ssh.</summary>
    private static string SshName(string name, string text, string source) => name.StartsWith('-') ? throw Invalid(text, source) : name;

    private static FormatException Invalid(string text, string source) =>
        new($"\"{text}\" ({source}) is not an engine's address; write unix:///path/to/docker.sock, tcp://host:2376 or ssh://user@host");
}
