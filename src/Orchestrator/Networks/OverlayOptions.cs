namespace Orchestrator.Networks;

/// <summary>Which addresses networks that span the fleet are made from. Changing them leaves what is allocated as it is.</summary>
public sealed record OverlayOptions
{
    /// <summary>Default 10.128.0.0/9: 512 networks. No host may reach anything else in it.</summary>
    public string Pool { get; init; } = "10.128.0.0/9";

    /// <summary>Size of a network whose file names no subnet. Default 18: room for 128 hosts.</summary>
    public int NetworkPrefix { get; init; } = 18;

    /// <summary>Size of one host's part. Default 25: 125 replicas of the network on one host.</summary>
    public int SlicePrefix { get; init; } = 25;
}
