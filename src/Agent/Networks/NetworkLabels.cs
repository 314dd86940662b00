namespace Orchestrator.Agent.Networks;

/// <summary>What a network of ours says of itself on its engine.</summary>
internal static class NetworkLabels
{
    /// <summary>Its subnet was given when it was made: only then does the engine accept chosen addresses.</summary>
    public const string Subnet = "orchestrator.subnet";

    /// <summary>It spans hosts.</summary>
    public const string Vni = "orchestrator.overlay.vni";
    public const string Range = "orchestrator.overlay.range";
    public const string Gateway = "orchestrator.overlay.gateway";
}
