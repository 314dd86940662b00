namespace Orchestrator.Engine;

/// <summary>What Docker's own tools read from the environment; given as a value so that tests need no process environment.</summary>
public sealed record DockerEnvironment
{
    /// <summary>DOCKER_HOST; null when unset or empty.</summary>
    public string? Host { get; init; }

    /// <summary>DOCKER_CERT_PATH.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>DOCKER_TLS_VERIFY: any text but the empty one.</summary>
    public bool TlsVerify { get; init; }

    /// <summary>DOCKER_CONTEXT.</summary>
    public string? Context { get; init; }

    /// <summary>DOCKER_CONFIG, else ~/.docker.</summary>
    public required string ConfigFolder { get; init; }

    /// <summary>Null when neither variable asks for TLS.</summary>
    public EngineTls? Tls => CertificatePath is null && !TlsVerify ? null : EngineTls.FromFolder(CertificatePath ?? ConfigFolder, TlsVerify);

    public static DockerEnvironment FromProcess() => From(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    public static DockerEnvironment From(Func<string, string?> variable, string homeFolder)
    {
        return new DockerEnvironment
        {
            Host = Set("DOCKER_HOST"),
            CertificatePath = Set("DOCKER_CERT_PATH"),
            TlsVerify = Set("DOCKER_TLS_VERIFY") is not null,
            Context = Set("DOCKER_CONTEXT"),
            ConfigFolder = Set("DOCKER_CONFIG") ?? Path.Combine(homeFolder, ".docker"),
        };

        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }
}
