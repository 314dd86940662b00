using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Percentiles_are_those_of_the_sorted_values_within_the_stated_precision(int seed)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, 10_000).Select(_ => TimeSpan.FromMicroseconds(Math.Floor(Math.Pow(10, random.NextDouble() * 7)))).ToArray();
        var histogram = new LatencyHistogram();
        foreach (var value in values)
            histogram.Add(value);
        Array.Sort(values);

        foreach (var share in new[] { 0.01, 0.5, 0.95, 0.99, 0.999, 1 })
        {
            var exact = values[(int)Math.Ceiling(share * values.Length) - 1].TotalMicroseconds;
            Assert.InRange(histogram.Percentile(share).TotalMicroseconds, exact, exact * 1.016);
        }

        Assert.Equal(values[^1], histogram.Max);
        Assert.Equal(values.Length, histogram.Count);
    }

    [Fact]
    public void Empty_one_has_zeros()
    {
        var histogram = new LatencyHistogram();

        Assert.Equal(TimeSpan.Zero, histogram.Percentile(0.99));
        Assert.Equal(TimeSpan.Zero, histogram.Max);
    }

    [Fact]
    public void Values_beyond_the_ceiling_are_counted()
    {
        var histogram = new LatencyHistogram();

        histogram.Add(TimeSpan.FromDays(3));
        histogram.Add(TimeSpan.FromSeconds(-1));

        Assert.Equal(2, histogram.Count);
        Assert.Equal(TimeSpan.FromDays(3), histogram.Max);
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(0.5));
    }
}
