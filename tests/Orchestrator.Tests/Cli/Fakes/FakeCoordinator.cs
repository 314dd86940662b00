using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Tests.Cli.Fakes;

/// <summary>Answers with what the test has put in, and keeps what it was asked.</summary>
internal sealed class FakeCoordinator : ICoordinator
{
    private readonly TaskCompletionSource _reachedEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<ChangeRequest> Requests { get; } = [];

    public List<string> Calls { get; } = [];

    public Plan Plan { get; set; } = new() { Stack = "hello", TargetRevision = 1 };

    public List<ChangeEvent> Events { get; } = [];

    /// <summary>After the events the change goes on silently until it is cancelled.</summary>
    public bool GoesOn { get; set; }

    /// <summary>In place of <see cref="Events"/>.</summary>
    public Func<ChangeRequest, CancellationToken, IAsyncEnumerable<ChangeEvent>>? OnChange { get; set; }

    /// <summary>Ends when the last event has been taken and the change goes on.</summary>
    public Task Silent => _reachedEnd.Task;

    public ImmutableArray<ReplicaView> Replicas { get; set; } = [];

    public ImmutableArray<StackView> Stacks { get; set; } = [];

    /// <summary>A stack whose first deploy has not succeeded: it has a history, but is not listed.</summary>
    public string? Unlisted { get; set; }

    public ImmutableArray<RevisionView> Revisions { get; set; } = [];

    public ImmutableArray<HostView> Hosts { get; set; } = [];

    public List<LogView> Logs { get; } = [];

    public LogsQuery? LogsQuery { get; private set; }

    /// <summary>Thrown by everything asked.</summary>
    public Exception? Failure { get; set; }

    public Task<CoordinatorVersion> VersionAsync(CancellationToken cancellation) => Answer(new CoordinatorVersion("0.1.0", "fleet", "https://10.0.0.1:7443"));

    public Task<Plan> PlanAsync(ChangeRequest request, CancellationToken cancellation)
    {
        Requests.Add(request);
        return Answer(Plan);
    }

    public PlanFile? PlanFile { get; set; }

    public StackDiff Diff { get; set; } = new("hello", "revision 1", "revision 2", []);

    public DiffQuery? DiffQuery { get; private set; }

    public Task<PlanFile> PlanFileAsync(ChangeRequest.Deploy request, CancellationToken cancellation)
    {
        Requests.Add(request);
        return Answer(PlanFile!);
    }

    public Task<StackDiff> DiffAsync(DiffQuery query, CancellationToken cancellation)
    {
        DiffQuery = query;
        return Answer(Diff);
    }

    public async IAsyncEnumerable<ChangeEvent> ChangeAsync(ChangeRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Requests.Add(request);
        if (OnChange is not null)
        {
            await foreach (var change in OnChange(request, cancellation).ConfigureAwait(false))
                yield return change;
            yield break;
        }

        foreach (var change in Events)
            yield return await Answer(change);
        if (Failure is not null)
            throw Failure;
        if (!GoesOn)
            yield break;
        _reachedEnd.TrySetResult();
        await new TaskCompletionSource().Task.WaitAsync(cancellation);
    }

    public Task<ImmutableArray<ReplicaView>> ReplicasAsync(string? stack, bool all, CancellationToken cancellation)
    {
        Calls.Add($"replicas {stack ?? "*"} all={all}");
        return Answer(stack is null ? Replicas : [.. Replicas.Where(r => r.Stack == stack)]);
    }

    public Task<ImmutableArray<StackView>> StacksAsync(CancellationToken cancellation) => Answer(Stacks);

    public Task<ImmutableArray<RevisionView>> HistoryAsync(string stack, CancellationToken cancellation) => Stacks.Any(s => s.Stack == stack) || Unlisted == stack
        ? Answer(Revisions)
        : throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"no stack {stack}");

    public Task<ImmutableArray<HostView>> HostsAsync(CancellationToken cancellation) => Answer(Hosts);

    public async IAsyncEnumerable<LogView> LogsAsync(LogsQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        LogsQuery = query;
        foreach (var line in Logs)
            yield return await Answer(line);
    }

    public List<StackEvent> Happened { get; } = [];

    public EventsQuery? EventsQuery { get; private set; }

    public ExplanationView? Explanation { get; set; }

    public async IAsyncEnumerable<StackEvent> EventsAsync(EventsQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        EventsQuery = query;
        foreach (var happened in Happened)
            yield return await Answer(happened);
    }

    public Task<ExplanationView> ExplainAsync(string stack, string? service, CancellationToken cancellation)
    {
        Calls.Add($"explain {stack}/{service ?? "*"}");
        return Answer(Explanation ?? new ExplanationView { Stack = stack, State = "stable" });
    }

    public Task<MaintenanceView> SetMaintenanceAsync(MaintenanceRequest request, CancellationToken cancellation)
    {
        Calls.Add($"maintenance {request.Stack}/{request.Service} on={request.On} hold={request.Hold}");
        return Answer(new MaintenanceView(request.Stack, request.Service, request.On, request.Hold, 7));
    }

    public Task<string> CreateTokenAsync(string role, TimeSpan lifetime, CancellationToken cancellation)
    {
        Calls.Add($"token {role} {lifetime}");
        return Answer("orc1.digest.id.secret");
    }

    public Task RemoveHostAsync(string host, CancellationToken cancellation)
    {
        Calls.Add($"remove host {host}");
        return Answer(true);
    }

    private Task<T> Answer<T>(T value) => Failure is null ? Task.FromResult(value) : Task.FromException<T>(Failure);
}
