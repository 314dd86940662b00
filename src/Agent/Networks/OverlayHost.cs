using Orchestrator.Agent.Names;

namespace Orchestrator.Agent.Networks;

/// <summary>What networks that span hosts need of this one. None when embedded.</summary>
/// <param name="Address">Where the other hosts reach this one; null while that is not known.</param>
internal sealed record OverlayHost(ILinkCommands Links, Func<string?> Address)
{
    /// <summary>Makes the name servers of this host's gateway addresses.</summary>
    internal required Func<INameServers> Names { get; init; }
}
