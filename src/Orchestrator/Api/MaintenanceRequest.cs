namespace Orchestrator.Api;

/// <summary>Begins or ends the maintenance of a service: its traffic is answered with the page of <c>x-orchestrator.maintenance</c> instead of by its replicas.</summary>
/// <param name="Hold">How long requests wait for its end before the page is answered, at most <see cref="HoldMax"/>; null: as the stack's file says. Only with <paramref name="On"/>.</param>
public sealed record MaintenanceRequest(string Stack, string Service, bool On, TimeSpan? Hold = null)
{
    /// <summary>Requests that wait hold a connection each; nobody waits longer for a page.</summary>
    public static readonly TimeSpan HoldMax = TimeSpan.FromMinutes(10);

    /// <summary>Who asks, for the record: the API puts the certificate's name here.</summary>
    public string? By { get; init; }
}

/// <param name="Version">The version of the stack's traffic table that every host has acknowledged; 0 when no host shows this stack yet.</param>
public sealed record MaintenanceView(string Stack, string Service, bool On, TimeSpan? Hold, long Version);
