using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Tests;

public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(12_345)]
    [InlineData(9_999_999)]
    [InlineData(86_400_000_000)]
    public void Quantile_is_never_too_low_and_at_most_three_and_a_half_percent_too_high(long microseconds)
    {
        var histogram = new LatencyHistogram();
        histogram.Add(TimeSpan.FromMicroseconds(microseconds));
        histogram.Add(TimeSpan.FromMicroseconds(microseconds * 4));

        var median = histogram.QuantileMicroseconds(0.5);

        Assert.InRange(median, microseconds, (long)(microseconds * 1.035));
        Assert.Equal(microseconds * 4, histogram.QuantileMicroseconds(1));
    }

    [Fact]
    public void Quantiles_of_a_thousand_values_are_theirs()
    {
        var histogram = new LatencyHistogram();
        for (var i = 1; i <= 1000; i++)
            histogram.Add(TimeSpan.FromMilliseconds(i));

        Assert.InRange(histogram.QuantileMicroseconds(0.5), 500_000, 517_500);
        Assert.InRange(histogram.QuantileMicroseconds(0.99), 990_000, 1_000_000);
        Assert.Equal(1_000_000, histogram.MaxMicroseconds);
        Assert.Equal(0, new LatencyHistogram().QuantileMicroseconds(0.5));
    }
}
