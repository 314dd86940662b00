using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Rollouts;

public sealed class SloVerdictTests
{
    private static readonly SloSpec Slo = new() { ErrorRate = 0.01, P95 = TimeSpan.FromMilliseconds(300) };

    [Theory]
    [InlineData(100, 1, 100, 0, true)]
    [InlineData(100, 2, 100, 0, false)]
    [InlineData(100, 2, 100, 2, true)]
    [InlineData(100, 3, 100, 2, false)]
    [InlineData(19, 19, 100, 0, true)]
    [InlineData(20, 20, 0, 0, false)]
    public void Errors_above_the_limit_fail_unless_the_old_ones_fail_as_often(long requests, long errors, long oldRequests, long oldErrors, bool passes)
    {
        Assert.Equal(passes, SloVerdict.Of("web", Slo with { P95 = null }, new TrafficCounts(requests, errors, []), new TrafficCounts(oldRequests, oldErrors, [])).IsPass);
    }

    [Theory]
    [InlineData(100, 100, true)]
    [InlineData(400, 100, false)]
    [InlineData(400, 400, true)]
    [InlineData(400, 0, false)]
    public void Slow_answers_fail_unless_the_old_ones_are_as_slow(int ms, int oldMs, bool passes)
    {
        Assert.Equal(passes, SloVerdict.Of("web", Slo, Answers(ms), oldMs == 0 ? TrafficCounts.None : Answers(oldMs)).IsPass);
    }

    [Fact]
    public void Failure_is_told_in_figures()
    {
        Assert.Equal(
            "new replicas of web answered 4.19 % of 310 requests with an error (limit 1 %; the old ones 0.34 % of 290)",
            SloVerdict.Of("web", Slo, new TrafficCounts(310, 13, []), new TrafficCounts(290, 1, [])).Message);
        Assert.Equal(
            "new replicas of web answered 20 % of 20 requests with an error (limit 1 %; the old ones had no requests)",
            SloVerdict.Of("web", Slo, new TrafficCounts(20, 4, []), TrafficCounts.None).Message);
        Assert.Matches(
            @"^new replicas of web answered 95 % of 100 requests within 4\d\d ms \(limit 300 ms; the old ones within \d+ ms\)$",
            SloVerdict.Of("web", Slo, Answers(400), Answers(100)).Message);
    }

    [Fact]
    public void Too_few_requests_pass_with_a_note()
    {
        Assert.Equal(
            new SloVerdict(true, "web: 3 requests came to its new replicas in 10 s, fewer than 20; nothing is concluded from them"),
            SloVerdict.Of("web", Slo, new TrafficCounts(3, 3, []), new TrafficCounts(500, 0, [])));
        Assert.Contains("p95 is not judged", SloVerdict.Of("web", Slo, new TrafficCounts(50, 0, []), TrafficCounts.None).Message);
    }

    [Fact]
    public void Window_holds_what_has_risen_and_nothing_of_what_began_anew()
    {
        ImmutableArray<EndpointTally> before = [new("new@h1", 10, 1, [1, 2]), new("old@h1", 100, 50, [])];
        ImmutableArray<EndpointTally> after = [new("new@h1", 25, 4, [3, 2]), new("new@h2", 5, 0, [0, 5]), new("old@h1", 7, 3, []), new("other@h1", 9, 9, [])];
        var fresh = TrafficCounts.Between(before, after, ["new@h1", "new@h2"]);
        Assert.Equal((20, 3, "2,5"), (fresh.Requests, fresh.Errors, string.Join(',', fresh.Latencies)));
        Assert.Equal((0, 0), (TrafficCounts.Between(before, after, ["old@h1"]).Requests, TrafficCounts.Between(before, after, ["old@h1"]).Errors));
    }

    [Fact]
    public void Percentile_lies_within_its_class()
    {
        var counts = new long[LatencyBuckets.Count];
        (counts[10], counts[40]) = (95, 5);
        Assert.Equal(Math.Pow(LatencyBuckets.Ratio, 10), LatencyBuckets.Percentile([.. counts], 0.95)!.Value.TotalMilliseconds, 3);
        Assert.InRange(LatencyBuckets.Percentile([.. counts], 0.96)!.Value.TotalMilliseconds, Math.Pow(LatencyBuckets.Ratio, 39), Math.Pow(LatencyBuckets.Ratio, 40));
        Assert.Null(LatencyBuckets.Percentile([], 0.95));
    }

    /// <summary>A hundred, all of them about as slow.</summary>
    private static TrafficCounts Answers(int ms)
    {
        var counts = new long[LatencyBuckets.Count];
        counts[(int)Math.Ceiling(Math.Log(ms, LatencyBuckets.Ratio))] = 100;
        return new TrafficCounts(100, 0, [.. counts]);
    }
}
