using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

public sealed class ProberTests
{
    [Fact]
    public async Task Steady_server_gets_the_requests_of_the_schedule()
    {
        using var bench = new ProbeBench();

        bench.Start();
        bench.Pass(1.01);
        var report = await bench.StopAsync();

        Assert.Equal(21, report.Requests);
        Assert.Equal(0, report.Failed);
        Assert.True(report.Held);
        Assert.Equal(50, report.LongestGap.Ms, 2.0);
    }

    [Fact]
    public async Task Stalled_server_gets_no_fewer_requests_and_each_is_a_failure()
    {
        using var bench = new ProbeBench();

        bench.Start();
        bench.Pass(1.01);
        bench.Server.Stalls();
        bench.Pass(1);
        bench.Server.Recovers();
        bench.Pass(1);
        var report = await bench.StopAsync();

        Assert.Equal(61, report.Requests);
        Assert.Equal(20, report.Failed);
        Assert.All(report.Failures, f => Assert.Equal("no answer within 5 s", f.Reason));
        Assert.Equal(1050, report.LongestGap.Ms, 3.0);
        Assert.Equal(bench.Clock.Began.AddSeconds(1), report.LongestGap.From!.Value, TimeSpan.FromMilliseconds(3));
    }

    [Fact]
    public async Task Requests_beyond_the_bound_are_failures_and_not_sent()
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url], Rate = 100, WaitingMax = 10 });
        bench.Server.Stalls();

        bench.Start();
        bench.Pass(0.5);
        var report = await bench.StopAsync();

        Assert.Equal(10, bench.Server.Requests.Count);
        Assert.Equal(10, report.Failures.Count(f => f.Reason == "no answer within 5 s"));
        Assert.Equal(report.Requests - 10, report.Failures.Count(f => f.Reason == "too many waiting: 10 requests were under way"));
        Assert.InRange(report.Requests, 50, 51);
    }

    [Fact]
    public async Task Server_that_answers_again_is_asked_again_after_the_bound_was_met()
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url], Rate = 100, WaitingMax = 10, Timeout = TimeSpan.FromMilliseconds(500) });
        bench.Server.Stalls();

        bench.Start();
        bench.Pass(0.3);
        bench.Server.Recovers();
        bench.Pass(1);

        Assert.True(bench.Server.Requests.Count > 50, $"only {bench.Server.Requests.Count} requests were sent");
        await bench.AbortAsync();
    }

    [Theory]
    [InlineData(ProbeConnections.Reuse, "false false false false false false false false")]
    [InlineData(ProbeConnections.New, "true true true true true true true true")]
    [InlineData(ProbeConnections.Mixed, "false false true true false false true true")]
    public async Task Urls_take_turns_and_each_has_its_share_of_new_connections(ProbeConnections connections, string expected)
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url, ProbeBench.Other], Connections = connections });

        bench.Start();
        bench.Pass(0.36);
        await bench.AbortAsync();

        Assert.Equal(expected.Split(' ').Select((n, i) => (i % 2 == 0 ? ProbeBench.Url : ProbeBench.Other, n == "true")), bench.Server.Requests);
    }

    [Fact]
    public async Task Process_that_was_held_up_leaves_requests_out_and_says_how_many()
    {
        using var bench = new ProbeBench();

        bench.Start();
        bench.Pass(1.01);
        bench.Jump(TimeSpan.FromSeconds(10));
        bench.Pass(0.5);
        var report = await bench.StopAsync();

        Assert.InRange(report.NotSent, 195, 201);
        Assert.Equal(0, report.Failed);
        Assert.InRange(report.Requests, 29, 33);
    }

    [Fact]
    public async Task Unexpected_status_is_a_failure_that_names_it()
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url], Expect = StatusCodes.Parse("401")! });
        bench.Server.Answers(401);

        bench.Start();
        bench.Pass(0.11);
        bench.Server.Answers(503);
        bench.Pass(0.05);
        var report = await bench.StopAsync();

        Assert.Equal(4, report.Requests);
        Assert.Equal("status 503", Assert.Single(report.Failures).Reason);
    }

    [Fact]
    public async Task Aborted_requests_are_no_failures()
    {
        using var bench = new ProbeBench();
        bench.Server.Stalls();

        bench.Start();
        bench.Pass(0.2);
        await bench.AbortAsync();

        Assert.Equal(0, bench.Report(0.2).Failed);
        Assert.NotEmpty(bench.Server.Requests);
    }

    [Fact]
    public async Task Clock_that_is_set_meanwhile_makes_no_gap()
    {
        var clock = new ProbeClock(new SettableTime());
        var before = clock.Now;

        ((SettableTime)clock.Time).Wall += TimeSpan.FromHours(1);

        Assert.Equal(before, clock.Now);
        await Task.CompletedTask;
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => 0;
    }
}
