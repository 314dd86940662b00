using Orchestrator.Engine.Fakes;

namespace Orchestrator.Engine.Tests;

/// <summary>The fake under a clock that a test moves: one thread, no waiting.</summary>
public sealed class FakeEngineTests
{
    private static readonly CreateContainer Web = new() { Image = "web" };

    private readonly VirtualTimeProvider _clock = new();
    private readonly FakeEngine _engine;

    public FakeEngineTests() => _engine = new FakeEngine(_clock);

    [Fact]
    public void Calls_without_latency_end_at_once()
    {
        _engine.AddImage(new FakeImage("web"));

        var create = _engine.CreateContainerAsync("a", Web, default);
        var start = _engine.StartContainerAsync("a", default);

        Assert.True(create.IsCompletedSuccessfully);
        Assert.True(start.IsCompletedSuccessfully);
    }

    [Fact]
    public void Latency_and_start_time_pass_by_the_clock_alone()
    {
        _engine.AddImage(new FakeImage("web") { StartTakes = Seconds(3) });
        _engine.CreateContainerAsync("a", Web, default);
        _engine.Latency = Seconds(1);

        var start = _engine.StartContainerAsync("a", default);
        _clock.Advance(Seconds(3.9));
        Assert.False(start.IsCompleted);
        _clock.Advance(Seconds(0.1));

        Assert.True(start.IsCompletedSuccessfully);
        Assert.Equal(_clock.GetUtcNow(), _engine.Containers[0].StartedAt);
    }

    [Fact]
    public void Stop_takes_what_the_image_says_and_at_most_the_grace()
    {
        _engine.AddImage(new FakeImage("web") { StopTakes = Seconds(5), StopExitCode = 4 });
        Run("polite");
        Run("hurried");

        var polite = _engine.StopContainerAsync("polite", Seconds(10), default);
        var hurried = _engine.StopContainerAsync("hurried", Seconds(2), default);
        _clock.Advance(Seconds(2));
        Assert.Equal((false, true), (polite.IsCompleted, hurried.IsCompleted));
        _clock.Advance(Seconds(3));

        Assert.True(polite.IsCompletedSuccessfully);
        Assert.Equal([4, 137], _engine.Containers.Select(container => container.ExitCode));
        Assert.Equal(["SIGTERM", "SIGKILL"], _engine.Containers[1].Signals);
    }

    [Fact]
    public async Task Health_follows_the_image_s_times()
    {
        var check = new Healthcheck { Test = ["CMD", "probe"], Interval = Seconds(1), Retries = 2 };
        _engine.AddImage(new FakeImage("web") { Healthcheck = check, HealthyAfter = Seconds(1.5), UnhealthyAfter = Seconds(4.5) });
        var seen = Watch();
        Run("a");

        Assert.Equal(1, (await _engine.ExecAsync("a", new ExecRequest(["probe"]), 100, default)).ExitCode);
        _clock.Advance(Seconds(1.5));
        Assert.Equal(0, (await _engine.ExecAsync("a", new ExecRequest(["probe"]), 100, default)).ExitCode);
        Assert.Equal("starting", _engine.Containers[0].Health!.Status);
        _clock.Advance(Seconds(0.5));
        Assert.Equal("healthy", _engine.Containers[0].Health!.Status);
        _clock.Advance(Seconds(3));
        Assert.Equal(("healthy", 1), (_engine.Containers[0].Health!.Status, _engine.Containers[0].Health!.FailingStreak));
        _clock.Advance(Seconds(1));
        Assert.Equal("unhealthy", _engine.Containers[0].Health!.Status);

        Assert.Equal(["health_status: healthy", "health_status: unhealthy"], seen.Where(action => action.StartsWith("health", StringComparison.Ordinal)));
    }

    [Fact]
    public void Restarts_wait_longer_each_time()
    {
        _engine.AddImage(new FakeImage("web") { ExitsAfter = Seconds(1), ExitCode = 3 });
        Run("a", Web with { RestartPolicy = new RestartPolicy("always") });

        _clock.Advance(Seconds(1));
        Assert.Equal("restarting", _engine.Containers[0].Status);
        _clock.Advance(Seconds(0.1));
        Assert.Equal(("running", 1), (_engine.Containers[0].Status, _engine.Containers[0].RestartCount));
        _clock.Advance(Seconds(1.15));
        Assert.Equal(("restarting", 1), (_engine.Containers[0].Status, _engine.Containers[0].RestartCount));
        _clock.Advance(Seconds(0.05));
        Assert.Equal(2, _engine.Containers[0].RestartCount);
    }

    [Fact]
    public async Task Fault_meets_the_next_calls_of_its_kind_and_may_come_after_the_effect()
    {
        _engine.AddImage(new FakeImage("web"));
        _engine.FailNext(nameof(IEngine.CreateContainerAsync), EngineErrorKind.Temporary);
        _engine.FailNext(nameof(IEngine.CreateContainerAsync), EngineErrorKind.Temporary, afterEffect: true);

        await Assert.ThrowsAsync<EngineException>(() => _engine.CreateContainerAsync("a", Web, default));
        Assert.Empty(_engine.Containers);
        await Assert.ThrowsAsync<EngineException>(() => _engine.CreateContainerAsync("a", Web, default));
        Assert.Single(_engine.Containers);
        Assert.Equal(EngineErrorKind.Conflict, (await Assert.ThrowsAsync<EngineException>(() => _engine.CreateContainerAsync("a", Web, default))).Kind);
    }

    [Fact]
    public async Task Engine_out_of_reach_fails_calls_and_streams_and_its_containers_run_on()
    {
        _engine.AddImage(new FakeImage("web") { StopTakes = null });
        Run("a");
        var events = _engine.EventsAsync(EngineFilters.None, default).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        var next = events.MoveNextAsync().AsTask();
        var stop = _engine.StopContainerAsync("a", Seconds(60), default);

        _engine.Disconnect();

        Assert.True((await Assert.ThrowsAsync<EngineException>(() => stop)).IsUnreachable);
        await Assert.ThrowsAsync<EngineException>(async () =>
        {
            // The kill event of the stop came first.
            while (await next) next = events.MoveNextAsync().AsTask();
        });
        Assert.True((await Assert.ThrowsAsync<EngineException>(() => _engine.PingAsync(default))).IsUnreachable);
        Assert.True(_engine.Containers[0].IsRunning);
        _engine.Reconnect();
        await _engine.PingAsync(default);
    }

    [Fact]
    public void Crash_ends_containers_and_boot_brings_back_those_whose_policy_says_so()
    {
        _engine.AddImage(new FakeImage("web"));
        Run("kept", Web with { RestartPolicy = new RestartPolicy("unless-stopped") });
        Run("plain");

        _engine.Crash();
        Assert.Equal([("exited", 137), ("exited", 137)], _engine.Containers.Select(container => (container.Status, container.ExitCode)));
        _engine.Boot();

        Assert.Equal(["running", "exited"], _engine.Containers.Select(container => container.Status));
    }

    [Fact]
    public async Task Registry_gives_its_newest_content_and_keeps_the_older_by_digest()
    {
        var (first, second) = (new FakeImage("r.local/web:1") { Content = "a", PullTakes = Seconds(2) }, new FakeImage("r.local/web:1") { Content = "b" });
        _engine.Registry.Push(first);
        var digest = (await _engine.InspectDistributionAsync("r.local/web:1", null, default)).Digest;
        _engine.Registry.Push(second);

        await _engine.PullImageAsync("r.local/web:1", null, null, default);
        var byDigest = _engine.PullImageAsync($"r.local/web:1@{digest}", null, null, default);
        Assert.False(byDigest.IsCompleted);
        _clock.Advance(Seconds(2));
        await byDigest;

        Assert.Equal(second.Id, (await _engine.InspectImageAsync("r.local/web:1", default)).Id);
        Assert.Equal(first.Id, (await _engine.InspectImageAsync($"r.local/web:1@{digest}", default)).Id);
        Assert.Equal(EngineErrorKind.Fatal, (await Assert.ThrowsAsync<EngineException>(() => _engine.PullImageAsync("r.local/absent", null, null, default))).Kind);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Run(string name, CreateContainer? spec = null)
    {
        Assert.True(_engine.CreateContainerAsync(name, spec ?? Web, default).IsCompletedSuccessfully);
        Assert.True(_engine.StartContainerAsync(name, default).IsCompletedSuccessfully);
    }

    /// <summary>Fills as events happen: reader and engine share the thread.</summary>
    private List<string> Watch()
    {
        List<string> actions = [];

        // Continuations stay on this thread only where no context, such as the test runner's, claims it.
        SynchronizationContext.SetSynchronizationContext(null);
        _ = ReadAsync();
        return actions;

        async Task ReadAsync()
        {
            await foreach (var happened in _engine.EventsAsync(EngineFilters.None, default)) actions.Add(happened.Action);
        }
    }
}
