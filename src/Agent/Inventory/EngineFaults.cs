using Orchestrator.Engine;

namespace Orchestrator.Agent.Inventory;

/// <summary>What an exception of an engine call means here.</summary>
internal static class EngineFaults
{
    /// <summary>A call that exceeded our own bound may succeed later, as one the engine calls temporary.</summary>
    public static bool IsTemporary(Exception error) => error is TimeoutException or EngineException { Kind: EngineErrorKind.Temporary };

    public static bool IsNotFound(Exception error) => error is EngineException { Kind: EngineErrorKind.NotFound };

    public static bool IsConflict(Exception error) => error is EngineException { Kind: EngineErrorKind.Conflict };

    public static bool IsUnreachable(Exception error) => error is TimeoutException or EngineException { IsUnreachable: true };

    /// <summary>A network that the container was made with has been removed since, as one of another range that nothing ran on.</summary>
    public static bool IsNetworkGone(Exception error) => error is EngineException { Kind: EngineErrorKind.NotFound, DaemonMessage: var message } && message.Contains("network", StringComparison.OrdinalIgnoreCase);

    /// <summary>A container's own address on a network: another has it, or the network is no longer the one it was chosen for. A host's port that is taken reads alike but for "bind:".</summary>
    public static bool IsAddressRefused(Exception error) => error is EngineException { DaemonMessage: var message }
        && !message.Contains("bind:", StringComparison.Ordinal)
        && (message.Contains("Address already in use", StringComparison.Ordinal)
            || message.Contains("does not belong to any of this network's subnets", StringComparison.Ordinal)
            || message.Contains("user specified IP address is supported only", StringComparison.Ordinal));

    /// <summary>The engine's words without method and path where there was an answer.</summary>
    public static string Text(Exception error) => error is EngineException { IsUnreachable: false } engine ? engine.DaemonMessage : error.Message;
}
