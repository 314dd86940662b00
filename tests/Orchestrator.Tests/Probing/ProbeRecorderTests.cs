using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

public sealed class ProbeRecorderTests
{
    [Fact]
    public void Requests_belong_to_the_phase_they_were_sent_in()
    {
        using var bench = new ProbeBench(maxFailures: 5);
        bench.Pass(2);
        bench.Recorder.ChangeBegan();
        bench.Pass(3);
        bench.Recorder.ChangeEnded();

        bench.Record(1.9, latencyMs: 4000);
        bench.Record(2.5, latencyMs: 20);
        bench.Record(4.9, "status 502");
        bench.Record(5.1, latencyMs: 3);
        var report = bench.Report(6);

        Assert.Equal((1, 0, 4000), (report.Before.Requests, report.Before.Failed, report.Before.MaxMs));
        Assert.Equal((2, 1, 20), (report.During.Requests, report.During.Failed, report.During.MaxMs));
        Assert.Equal((1, 0, 3), (report.After.Requests, report.After.Failed, report.After.MaxMs));
    }

    [Fact]
    public void Change_that_is_undone_after_its_end_goes_on()
    {
        using var bench = new ProbeBench();
        bench.Recorder.ChangeBegan();
        bench.Pass(1);
        bench.Recorder.ChangeEnded();
        bench.Pass(1);
        bench.Recorder.ChangeBegan();

        bench.Record(0.5);
        bench.Record(2.5);

        Assert.Equal(2, bench.Report(3).During.Requests);
    }

    [Fact]
    public void Longest_gap_is_between_answers_not_between_requests()
    {
        using var bench = new ProbeBench(maxFailures: 9);

        bench.Record(0.05);
        bench.Record(0.10, "connection refused");
        bench.Record(0.15, latencyMs: 400);
        bench.Record(0.60);
        var gap = bench.Report(0.7).LongestGap;

        Assert.Equal(499, gap.Ms, 0.01);
        Assert.Equal(bench.Clock.Began.AddMilliseconds(51), gap.From!.Value, TimeSpan.FromMicroseconds(1));
    }

    [Fact]
    public void Silence_at_the_end_is_a_gap_too()
    {
        using var bench = new ProbeBench(maxFailures: 9);

        bench.Record(1);
        bench.Record(2, "connection refused");

        Assert.Equal(1999, bench.Report(3).LongestGap.Ms, 0.01);
    }

    [Fact]
    public void Gap_of_one_url_shows_though_another_answers()
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url, ProbeBench.Other] }, maxFailures: 99);
        for (var i = 0; i < 40; i++)
            bench.Record(i * 0.05, url: i % 2, failure: i % 2 == 1 && i is > 10 and < 30 ? "status 502" : null);

        var report = bench.Report(2);

        Assert.Equal(100, report.LongestGap.Ms, 1.0);
        Assert.Equal(100, report.Urls[0].LongestGap.Ms, 1.0);
        Assert.Equal(1100, report.Urls[1].LongestGap.Ms, 1.0);
        Assert.Equal((0, 10), (report.Urls[0].Failed, report.Urls[1].Failed));
    }

    [Fact]
    public void Failures_before_the_first_answer_of_a_stack_that_does_not_run_do_not_count()
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url, ProbeBench.Other] }, forgives: true);
        bench.Record(0, "connection refused");
        bench.Record(0, "connection refused", url: 1);
        bench.Record(1.0);
        // Sent before the first answer, known to have failed after it.
        bench.Record(0.9, "no answer within 5 s", latencyMs: 5000);
        bench.Record(1.1, "connection refused", url: 1);
        var report = bench.Report(2);

        Assert.Equal((0, 4), (report.Failed, report.NotCounted));
        Assert.False(bench.Recorder.LimitPassed.IsCompleted);
        Assert.Equal(ProbeBench.Other, Assert.Single(bench.Recorder.Silent));
        Assert.False(report.Held);
        Assert.Null(report.Urls[1].FirstAnswer);

        bench.Record(2.0, "status 502");
        Assert.Equal(1, bench.Report(2).Failed);
        Assert.True(bench.Recorder.LimitPassed.IsCompleted);
    }

    [Fact]
    public void Url_that_never_answers_on_a_running_stack_counts_from_the_first_request()
    {
        using var bench = new ProbeBench();

        bench.Record(0, "connection refused");

        Assert.Equal(1, bench.Recorder.Failed);
        Assert.Equal(3000, bench.Report(3).LongestGap.Ms);
    }

    [Fact]
    public void Limit_is_passed_by_one_more_than_is_allowed()
    {
        using var bench = new ProbeBench(maxFailures: 2);

        bench.Record(1, "status 500");
        bench.Record(2, "status 500");
        Assert.False(bench.Recorder.LimitPassed.IsCompleted);
        bench.Record(3);
        Assert.True(bench.Report(3).Held);

        bench.Record(4, "status 500");
        Assert.True(bench.Recorder.LimitPassed.IsCompleted);
        Assert.False(bench.Report(4).Held);
    }

    [Fact]
    public void Failures_are_kept_up_to_a_thousand_and_counted_beyond()
    {
        using var bench = new ProbeBench();
        for (var i = 0; i < 1500; i++)
            bench.Record(i * 0.01, "status 500");

        var report = bench.Report(15);

        Assert.Equal(1500, report.Failed);
        Assert.Equal(ProbeRecorder.FailuresMax, report.Failures.Length);
    }

    [Fact]
    public void Names_of_who_answered_are_counted_and_bounded()
    {
        using var bench = new ProbeBench();
        for (var i = 0; i < 500; i++)
            bench.Record(i, by: $"replica-{i}");
        bench.Record(501, by: "replica-0");

        var names = bench.Report(502).AnsweredBy;

        Assert.Equal(100, names.Count);
        Assert.Equal(2, names["replica-0"]);
    }

    [Fact]
    public void Each_url_is_heard_of_once_a_request_to_each_has_ended()
    {
        using var bench = new ProbeBench(new ProbeOptions { Urls = [ProbeBench.Url, ProbeBench.Other] });

        bench.Record(0);
        bench.Record(0.1);
        Assert.False(bench.Recorder.EachHeard.IsCompleted);
        bench.Record(0.2, "connection refused", url: 1);

        Assert.True(bench.Recorder.EachHeard.IsCompleted);
    }

    [Fact]
    public void Timeline_of_an_hour_keeps_every_request_in_few_steps()
    {
        using var bench = new ProbeBench();
        for (var i = 0; i < 3600; i++)
            bench.Record(i, i == 3000 ? "status 502" : null, latencyMs: i == 1000 ? 77 : 1);

        var steps = bench.Report(3600).Timeline;

        Assert.InRange(steps.Length, 300, 600);
        Assert.Equal(3600, steps.Sum(s => s.Requests));
        Assert.Equal(3000, Assert.Single(steps, s => s.Failed == 1).FromSecond);
        Assert.Equal(77, steps.Single(s => s.FromSecond <= 1000 && 1000 < s.FromSecond + s.Seconds).SlowestMs);
    }
}
