namespace Orchestrator.Agent;

/// <summary>The host's ingress: one HAProxy container, made when the first stack listens.</summary>
public sealed record IngressOptions
{
    /// <summary>A long-term release. Any from 2.6 to 3.x serves; it needs Lua, which the official images have.</summary>
    public const string DefaultImage = "docker.io/library/haproxy:3.0.7";

    public const string ImageVariable = "ORCHESTRATOR_INGRESS_IMAGE";

    public string Image { get; init; } = DefaultImage;

    /// <summary>On a disk: what the container needs to serve again after a reboot before an agent has spoken. Absolute; the same path inside the container.</summary>
    public required string ConfigFolder { get; init; }

    /// <summary>In memory: sockets and certificates with their keys. Absolute and short, for a socket's path has at most 107 bytes.</summary>
    public required string RuntimeFolder { get; init; }

    /// <summary>
    /// The agent is root, as HAProxy is in its container: then sockets are root's alone by their mode, and the engine may make their folders, in its own way, when it
    /// starts the container after a reboot. Otherwise sockets are for everybody, within a folder that only the agent's user may enter and only the agent makes.
    /// </summary>
    public bool IsRoot { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>Open connections at once; what is above waits in the kernel's queue. Each costs up to 34 kB of buffers, so 10,000, the default, is at most 340 MB.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How long the container stays once no stack listens. Default 30 s.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often what runs is compared with what is wanted. Default 10 s.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The folders of an agent whose data is in <paramref name="dataFolder"/>.</summary>
    public static IngressOptions ForAgent(string dataFolder, bool isDefaultFolder) => new()
    {
        ConfigFolder = Path.Combine(Path.GetFullPath(dataFolder), "ingress"),
        RuntimeFolder = "/run/orchestrator-ingress" + (isDefaultFolder ? "" : "-" + Digest.Short(Path.GetFullPath(dataFolder))),
    };

    /// <summary>The folders of a run without a daemon. A user's own runtime folder is in memory too.</summary>
    public static IngressOptions ForUser(string dataFolder, string? userRuntimeFolder) => new()
    {
        ConfigFolder = Path.Combine(Path.GetFullPath(dataFolder), "ingress"),
        RuntimeFolder = userRuntimeFolder is { Length: > 0 } folder && !Environment.IsPrivilegedProcess
            ? Path.Combine(folder, "orchestrator-ingress-" + Digest.Short(dataFolder))
            : Path.Combine(Environment.IsPrivilegedProcess ? "/run" : "/tmp", "orchestrator-ingress-" + Digest.Short(Path.GetFullPath(dataFolder))),
        Linger = TimeSpan.Zero,
    };

    public IngressOptions WithImage(string? image) => string.IsNullOrWhiteSpace(image) ? this : this with { Image = image.Trim() };

    private static class Digest
    {
        public static string Short(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..8];
    }
}
