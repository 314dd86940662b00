using Microsoft.Extensions.Logging;
using Orchestrator.Engine;

namespace Orchestrator.Hosting;

public sealed record EmbeddedOptions
{
    /// <summary>The agent's own variable, for the agent in this process.</summary>
    public const string IngressImageVariable = "ORCHESTRATOR_INGRESS_IMAGE";

    /// <summary>Holds one folder per engine. <see cref="DefaultDataFolder"/> unless given.</summary>
    public required string DataFolder { get; init; }

    public required IEngine Engine { get; init; }

    /// <summary>For pulls; null pulls without.</summary>
    public RegistryCredentials? Credentials { get; init; }

    public required string Version { get; init; }

    /// <summary>The ingress's image; null for the built-in choice.</summary>
    public string? IngressImage { get; init; }

    /// <summary><c>$XDG_RUNTIME_DIR</c>: where a user's sockets and certificates are kept in memory; null: there is none.</summary>
    public string? UserRuntimeFolder { get; init; }

    /// <summary>True for commands that only read: they need no lock and run beside one that deploys.</summary>
    public bool IsPassive { get; init; }

    public required ILoggerFactory Loggers { get; init; }

    /// <summary><c>$XDG_DATA_HOME/orchestrator</c>, else <c>~/.local/share/orchestrator</c>.</summary>
    public static string DefaultDataFolder(Func<string, string?> variable, string homeFolder) =>
        Path.Combine(variable("XDG_DATA_HOME") is { Length: > 0 } data ? data : Path.Combine(homeFolder, ".local", "share"), "orchestrator");
}
