using System.Collections.Immutable;

namespace Orchestrator.Api;

/// <summary>What the command line asks of a coordinator, in this process or across HTTPS. Every member throws <see cref="CoordinatorException"/>.</summary>
public interface ICoordinator
{
    Task<CoordinatorVersion> VersionAsync(CancellationToken cancellation);

    /// <summary>Plans without changing anything.</summary>
    Task<Planning.Plan> PlanAsync(ChangeRequest request, CancellationToken cancellation);

    /// <summary>As <see cref="PlanAsync"/>, with all that is needed to carry out exactly this plan later.</summary>
    Task<PlanFile> PlanFileAsync(ChangeRequest.Deploy request, CancellationToken cancellation);

    /// <summary>Unknown stack or revision: <see cref="CoordinatorErrorKind.NotFound"/>.</summary>
    Task<StackDiff> DiffAsync(DiffQuery query, CancellationToken cancellation);

    /// <summary>Starts a change and follows it; the last event is <see cref="ChangeEvent.Ended"/>. Cancelling stops the following, not the change.</summary>
    IAsyncEnumerable<ChangeEvent> ChangeAsync(ChangeRequest request, CancellationToken cancellation);

    /// <summary>Replicas, of one stack or of all; sorted by stack, service, slot, revision. Retained containers are included when <paramref name="all"/>.</summary>
    Task<ImmutableArray<ReplicaView>> ReplicasAsync(string? stack, bool all, CancellationToken cancellation);

    Task<ImmutableArray<StackView>> StacksAsync(CancellationToken cancellation);

    /// <summary>Newest first. Unknown stack: <see cref="CoordinatorErrorKind.NotFound"/>.</summary>
    Task<ImmutableArray<RevisionView>> HistoryAsync(string stack, CancellationToken cancellation);

    Task<ImmutableArray<HostView>> HostsAsync(CancellationToken cancellation);

    /// <summary>Lines of all replicas asked for, as they come.</summary>
    IAsyncEnumerable<LogView> LogsAsync(LogsQuery query, CancellationToken cancellation);

    /// <summary>What has happened, oldest first; while following, for ever. Unknown stack: <see cref="CoordinatorErrorKind.NotFound"/>.</summary>
    IAsyncEnumerable<StackEvent> EventsAsync(EventsQuery query, CancellationToken cancellation);

    /// <summary>Why the stack, or one service of it, is as it is. Unknown stack or service: <see cref="CoordinatorErrorKind.NotFound"/>.</summary>
    Task<ExplanationView> ExplainAsync(string stack, string? service, CancellationToken cancellation);

    /// <summary>Begins or ends the maintenance of a service; returns once its hosts show it. Unknown stack or service: <see cref="CoordinatorErrorKind.NotFound"/>.</summary>
    Task<MaintenanceView> SetMaintenanceAsync(MaintenanceRequest request, CancellationToken cancellation);

    /// <summary>Fleet only: a token with which one more agent or operator joins.</summary>
    Task<string> CreateTokenAsync(string role, TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>Fleet only: forgets a host that is down. Its replicas are placed elsewhere.</summary>
    Task RemoveHostAsync(string host, CancellationToken cancellation);
}
