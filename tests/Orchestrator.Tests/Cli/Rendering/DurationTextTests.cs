using Orchestrator.Cli.Rendering;

namespace Orchestrator.Tests.Cli.Rendering;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("1.5m", 90)]
    [InlineData("500ms", 0.5)]
    [InlineData("2d", 172800)]
    public void Parse_accepts_what_people_write(string text, double seconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("5x")]
    [InlineData("m5")]
    [InlineData("5m x")]
    [InlineData("1..5s")]
    [InlineData("99999999999d")]
    public void Parse_refuses_the_rest(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(4.26, "4.3 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(7500, "2 h 5 min")]
    [InlineData(345600, "4 d")]
    public void Of_reads_well(double seconds, string expected) => Assert.Equal(expected, DurationText.Of(TimeSpan.FromSeconds(seconds)));
}
