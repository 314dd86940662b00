using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Tests;

public sealed class MeterTests
{
    private static readonly long Second = TimeProvider.System.TimestampFrequency;

    [Fact]
    public void Longest_gap_runs_from_answer_to_answer_however_often_it_is_looked_at()
    {
        var meter = new Meter("all", TimeProvider.System, start: 0);
        meter.Answered(1 * Second, TimeSpan.Zero);
        Assert.Equal(1000, meter.Report(1 * Second).LongestGapMs);
        Assert.Equal(1500, meter.Report((long)(2.5 * Second)).LongestGapMs);
        Assert.Equal(2500, meter.Report((long)(3.5 * Second)).LongestGapMs);

        meter.Answered(5 * Second, TimeSpan.Zero);
        Assert.Equal(4000, meter.Report(5 * Second).LongestGapMs);
        Assert.Equal(4000, meter.Report(6 * Second).LongestGapMs);
        Assert.Equal(5000, meter.Report(10 * Second).LongestGapMs);
    }
}
