namespace Orchestrator.Fleet;

public sealed record FleetOptions
{
    /// <summary>From the loss of a host's link to its being down. With the link's own silence limit of 8 s a cut-off host is down after about 15 s, Swarm's figure. Default 7 s.</summary>
    public TimeSpan HostDownAfter { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>True on a fleet: hosts are kept in the store, and waited for after a restart.</summary>
    public bool RemembersHosts { get; init; }

    /// <summary>True when embedded: there is one host, and nothing can be said before it has reported.</summary>
    public bool WaitsForFirstHost { get; init; }
}
