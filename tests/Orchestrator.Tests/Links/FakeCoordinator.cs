using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Tests.Links;

/// <summary>A coordinator that does what the test says and remembers what it was asked.</summary>
internal sealed class FakeCoordinator : ICoordinator
{
    public List<ChangeRequest> Changes { get; } = [];

    public List<string> RemovedHosts { get; } = [];

    public List<MaintenanceRequest> Maintenances { get; } = [];

    public Func<ChangeRequest, CancellationToken, IAsyncEnumerable<ChangeEvent>> OnChange { get; set; } = (_, _) => Events();

    public Func<LogsQuery, CancellationToken, IAsyncEnumerable<LogView>> OnLogs { get; set; } = (_, _) => AsyncEnumerable.Empty<LogView>();

    public Func<string, ImmutableArray<RevisionView>> OnHistory { get; set; } = _ => [];

    public Exception? Fault { get; set; }

    public static async IAsyncEnumerable<ChangeEvent> Events(params ChangeEvent[] events)
    {
        foreach (var e in events)
        {
            await Task.Yield();
            yield return e;
        }
    }

    public Task<CoordinatorVersion> VersionAsync(CancellationToken cancellation) =>
        Fault is null ? Task.FromResult(new CoordinatorVersion("1.2.3", "fleet", "here")) : Task.FromException<CoordinatorVersion>(Fault);

    public Task<Plan> PlanAsync(ChangeRequest request, CancellationToken cancellation) =>
        Task.FromResult(new Plan { Stack = request.Stack, TargetRevision = 7 });

    public Task<PlanFile> PlanFileAsync(ChangeRequest.Deploy request, CancellationToken cancellation) =>
        Task.FromResult(new PlanFile { Stack = request.Stack, Spec = request.Spec, Images = ImmutableSortedDictionary<string, PinnedImage>.Empty, State = new PlanState(), Plan = new Plan { Stack = request.Stack, TargetRevision = 7 } }.Sealed());

    public Task<StackDiff> DiffAsync(DiffQuery query, CancellationToken cancellation) =>
        Task.FromResult(new StackDiff(query.Stack, $"revision {query.From}", $"revision {query.To}", [new PartDiff("service", "web", "changed", [new KeyDiff("image", "changed", "a:1", "a:2")])]));

    public IAsyncEnumerable<ChangeEvent> ChangeAsync(ChangeRequest request, CancellationToken cancellation)
    {
        lock (Changes) Changes.Add(request);
        return OnChange(request, cancellation);
    }

    public Task<ImmutableArray<ReplicaView>> ReplicasAsync(string? stack, bool all, CancellationToken cancellation) =>
        Task.FromResult<ImmutableArray<ReplicaView>>([new ReplicaView(stack ?? "none", "web", all ? 2 : 1, "abc", "h1", "i", "running", "none", "c", "id", default, 0, [])]);

    public Task<ImmutableArray<StackView>> StacksAsync(CancellationToken cancellation) =>
        Task.FromResult<ImmutableArray<StackView>>([new StackView("shop", 3, "stable", 1, 1, 1, null)]);

    public Task<ImmutableArray<RevisionView>> HistoryAsync(string stack, CancellationToken cancellation) => Task.FromResult(OnHistory(stack));

    public Task<ImmutableArray<HostView>> HostsAsync(CancellationToken cancellation) => Task.FromResult<ImmutableArray<HostView>>([]);

    public IAsyncEnumerable<LogView> LogsAsync(LogsQuery query, CancellationToken cancellation) => OnLogs(query, cancellation);

    public List<StackEvent> Happened { get; } = [];

    public IAsyncEnumerable<StackEvent> EventsAsync(EventsQuery query, CancellationToken cancellation) =>
        Happened.Where(e => query.Stack is null || e.Stack == query.Stack).ToAsyncEnumerable();

    public Task<ExplanationView> ExplainAsync(string stack, string? service, CancellationToken cancellation) =>
        Task.FromResult(new ExplanationView { Stack = stack, State = "stable", Reasons = [service ?? "all"] });

    public Task<MaintenanceView> SetMaintenanceAsync(MaintenanceRequest request, CancellationToken cancellation)
    {
        Maintenances.Add(request);
        return Fault is null ? Task.FromResult(new MaintenanceView(request.Stack, request.Service, request.On, request.Hold, 7)) : Task.FromException<MaintenanceView>(Fault);
    }

    public Task<string> CreateTokenAsync(string role, TimeSpan lifetime, CancellationToken cancellation) =>
        throw new NotSupportedException("tokens are the server's own");

    public Task RemoveHostAsync(string host, CancellationToken cancellation)
    {
        RemovedHosts.Add(host);
        return Task.CompletedTask;
    }
}
