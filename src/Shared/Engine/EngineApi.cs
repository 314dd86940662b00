namespace Orchestrator.Engine;

/// <summary>API versions, and what came with each.</summary>
internal static class EngineApi
{
    /// <summary>The newest one this client was written against (Docker 28).</summary>
    public static Version Newest { get; } = new(1, 51);

    /// <summary>Docker 20.10 (December 2020), Podman 4: one-shot stats and platforms.</summary>
    public static Version Oldest { get; } = new(1, 41);

    /// <summary>More than one endpoint at create, StartInterval; network names are unique without CheckDuplicate.</summary>
    public static Version ManyEndpoints { get; } = new(1, 44);

    /// <exception cref="EngineException">The engine is too old.</exception>
    public static Version Choose(Version theirs, EngineAddress address) => theirs < Oldest
        ? throw new EngineException(EngineErrorKind.Fatal, 400, "GET", "/_ping", $"the engine at {address} speaks API {theirs}, and {Oldest} (Docker 20.10) is the oldest that serves; upgrade Docker there", address.ToString())
        : theirs < Newest ? theirs : Newest;
}
