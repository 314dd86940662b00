namespace Orchestrator.Engine.Tests;

/// <summary>What every <see cref="IEngine"/> does, the fake and the real alike. Each test's things carry one label and are removed after it.</summary>
public abstract partial class EngineContract(IEngine engine) : IAsyncLifetime
{
    private const string RunLabel = "orchestrator.contract";

    /// <summary>Of any one wait; a busy machine's engine takes seconds for what a quiet one does in milliseconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int _tests;

    private readonly CancellationTokenSource _end = new(Patience * 2);
    private readonly string _run = $"{Environment.ProcessId}-{Interlocked.Increment(ref _tests)}";
    private int _names;

    protected IEngine Engine => engine;

    protected CancellationToken Cancellation => _end.Token;

    protected EngineFilters OfThisTest => EngineFilters.Label($"{RunLabel}={_run}");

    public virtual Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        using var bound = new CancellationTokenSource(Patience);
        foreach (var container in await engine.ListContainersAsync(OfThisTest, all: true, bound.Token)) await engine.RemoveContainerAsync(container.Id, force: true, volumes: true, bound.Token);
        foreach (var network in await engine.ListNetworksAsync(OfThisTest, bound.Token)) await engine.RemoveNetworkAsync(network.Id, bound.Token);
        foreach (var volume in await engine.ListVolumesAsync(OfThisTest, bound.Token)) await engine.RemoveVolumeAsync(volume.Name, force: true, bound.Token);
        _end.Dispose();
    }

    /// <summary>By somebody else: we pause nothing.</summary>
    protected abstract Task PauseAsync(string container);

    /// <summary>A name no other test uses.</summary>
    protected string NewName(string what = "c") => $"contract-{_run}-{what}{_names++}";

    protected CreateContainer Spec(string image) => new() { Image = image, Labels = OwnLabels };

    protected Dictionary<string, string> OwnLabels => new() { [RunLabel] = _run };

    protected async Task<string> CreateAsync(string image, Func<CreateContainer, CreateContainer>? change = null)
    {
        var spec = Spec(image);
        return await engine.CreateContainerAsync(NewName(), change is null ? spec : change(spec), Cancellation);
    }

    protected async Task<string> RunAsync(string image, Func<CreateContainer, CreateContainer>? change = null)
    {
        var id = await CreateAsync(image, change);
        Assert.True(await engine.StartContainerAsync(id, Cancellation));
        return id;
    }

    protected async Task<string> NetworkAsync()
    {
        var name = NewName("net");
        await engine.CreateNetworkAsync(new CreateNetwork { Name = name, Labels = OwnLabels }, Cancellation);
        return name;
    }

    protected static async Task<EngineException> RefusedAsync(EngineErrorKind kind, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<EngineException>(call);
        Assert.True(kind == error.Kind, $"expected {kind}, got {error.Kind}: {error.Message}");
        return error;
    }

    /// <summary>This test's containers' events, from now on.</summary>
    protected Task<EventLog> WatchAsync() => EventLog.OpenAsync(engine, OfThisTest, Cancellation);
}
