using Orchestrator.Load.Generating;
using Orchestrator.Load.Measuring;
using Orchestrator.Load.Serving;

namespace Orchestrator.Load.Tests;

/// <summary>The generator against the application it is made for, in one process over the loopback.</summary>
public sealed class LoadRunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Healthy_application_fails_nothing_and_every_kind_is_measured()
    {
        await using var application = await StartAsync("v1");
        await using var run = LoadRun.Start(Options(application) with { Streams = 2, StreamLength = TimeSpan.FromMilliseconds(300), WebSockets = 2 }, TimeProvider.System);

        await UntilAsync(run, r => r.Kinds.All(k => k.Requests > 0 || k is { Name: "websocket", P50Ms: > 0 }) && r.Total.Requests > 300);
        var report = await run.StopAsync();

        Assert.True(report.Total.Failures == 0, string.Join('\n', report.FirstFailures));
        Assert.Equal(["v1"], report.Versions.Keys);
        Assert.Equal(2, report.Kinds.Single(k => k.Name == "websocket").Requests);
        Assert.All(report.Kinds, k => Assert.True(k.P50Ms > 0 && k.MaxMs >= k.P99Ms && k.P99Ms >= k.P50Ms, k.ToString()));
        Assert.Equal(report.Total.Requests, report.Kinds.Sum(k => k.Requests));
        Assert.Equal(report.Total.Requests, report.Targets.Sum(t => t.Requests));
    }

    [Fact]
    public async Task Failing_share_is_counted_to_the_request()
    {
        await using var application = await StartAsync("v1", failRate: 0.25);
        await using var run = LoadRun.Start(Options(application) with { ShortRate = 0 }, TimeProvider.System);

        await UntilAsync(run, r => r.Total.Requests >= 200);
        var report = await run.StopAsync();

        Assert.Equal(report.Total.Requests / 4, report.Total.Failures);
        Assert.Equal(report.Total.Failures, report.Total.Reasons["status"]);
        Assert.Contains("status 500", report.FirstFailures[0].Detail);
    }

    [Fact]
    public async Task Application_that_stops_finishes_its_streams_and_moves_its_WebSockets()
    {
        var stopped = await StartAsync("v1");
        await using var other = await StartAsync("v2");
        var options = new LoadOptions { Targets = [Of(stopped), Of(other)], Rate = 0, ShortRate = 0, Streams = 0, WebSockets = 1 };
        await using var stream = LoadRun.Start(new LoadOptions { Targets = [Of(stopped)], Rate = 0, ShortRate = 0, Streams = 1, StreamLength = TimeSpan.FromSeconds(2), WebSockets = 0 }, TimeProvider.System);
        await using var run = LoadRun.Start(options, TimeProvider.System);
        await UntilAsync(run, r => r.Kinds.Single(k => k.Name == "websocket").P50Ms > 0);
        await UntilAsync(stream, r => r.Kinds.Single(k => k.Name == "stream").P50Ms > 0);

        var streaming = stream.StopAsync();
        await stopped.StopAsync();
        await stopped.DisposeAsync();

        await UntilAsync(run, r => r.Moved == 1);
        var (moved, streamed) = (await run.StopAsync(), await streaming);
        Assert.True(moved.Total.Failures == 0, string.Join('\n', moved.FirstFailures));
        Assert.True(streamed.Total is { Requests: 1, Failures: 0 }, string.Join('\n', streamed.FirstFailures));
    }

    [Fact]
    public async Task WebSocket_that_ends_without_a_close_is_broken()
    {
        using var server = ScriptedServer.Start(reset: false, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "");
        await using var run = LoadRun.Start(new LoadOptions { Targets = [server.Target], Rate = 0, ShortRate = 0, Streams = 0, WebSockets = 1 }, TimeProvider.System);

        await UntilAsync(run, r => r.Total.Failures > 0);
        var report = await run.StopAsync();

        Assert.Equal(report.Total.Failures, report.Total.Reasons["socket-broken"]);
    }

    [Fact]
    public async Task Silence_until_the_end_counts_as_a_gap()
    {
        var application = await StartAsync("v1");
        await using var run = LoadRun.Start(Options(application), TimeProvider.System);
        await UntilAsync(run, r => r.Total.Requests > 50);
        var before = run.Peek();
        await application.StopAsync();
        await application.DisposeAsync();

        await UntilAsync(run, r => r.Total.LongestGapMs > before.Total.LongestGapMs + 200 && r.Total.Reasons.ContainsKey("connect-refused"));
        var report = await run.StopAsync();

        Assert.True(report.Total.Failures > 0);
    }

    private static LoadOptions Options(TestApplication application) => new()
    {
        Targets = [Of(application)],
        Rate = 500,
        Connections = 8,
        ShortRate = 100,
        ShortConnections = 8,
        Streams = 0,
        WebSockets = 0,
    };

    private static Target Of(TestApplication application) => Target.Parse($"http://127.0.0.1:{application.Port}");

    private static async Task<TestApplication> StartAsync(string version, double failRate = 0)
    {
        var application = new TestApplication(new ServeOptions(0, version, TimeSpan.Zero, TimeSpan.Zero, failRate, TimeSpan.FromSeconds(10)), TimeProvider.System);
        await application.StartAsync();
        return application;
    }

    private static async Task UntilAsync(LoadRun run, Func<LoadReport, bool> wanted)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await run.WhenAsync(wanted, limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"after {Limit.TotalSeconds:0} s the load is not where it should be: {run.Peek()}");
        }
    }
}
