using System.Globalization;
using Orchestrator.Stacks.Reading;

namespace Orchestrator.Tests.Stacks;

public sealed class UnitsTests
{
    [Theory]
    [InlineData("10s", "00:00:10")]
    [InlineData("1m30s", "00:01:30")]
    [InlineData("500ms", "00:00:00.5")]
    [InlineData("1500us", "00:00:00.0015")]
    [InlineData("1.5h", "01:30:00")]
    [InlineData(".5s", "00:00:00.5")]
    [InlineData("2d", "2.00:00:00")]
    [InlineData("1w", "7.00:00:00")]
    [InlineData("1h2m3s4ms", "01:02:03.004")]
    [InlineData("0", "00:00:00")]
    [InlineData("0s", "00:00:00")]
    public void Duration_is_read(string text, string expected) =>
        Assert.Equal(TimeSpan.Parse(expected, CultureInfo.InvariantCulture), Units.Duration(text, out _));

    [Theory]
    [InlineData("", "`` is not a duration")]
    [InlineData("10", "the duration `10` has no unit; write 10s for seconds")]
    [InlineData("s", "`s` is not a duration")]
    [InlineData("-5s", "`-5s` is not a duration")]
    [InlineData("10 s", "`10 s` is not a duration")]
    [InlineData("10x", "`10x` is not a duration")]
    [InlineData("99999999999999999999w", "the duration `99999999999999999999w` is too long")]
    [InlineData("9999999999999999999999999999999999999w", "the duration `9999999999999999999999999999999999999w` is too long")]
    public void Bad_duration_says_why(string text, string expected)
    {
        Assert.Null(Units.Duration(text, out var why));
        Assert.StartsWith(expected, why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("1024", 1024)]
    [InlineData("10b", 10)]
    [InlineData("1k", 1024)]
    [InlineData("1KB", 1024)]
    [InlineData("1kib", 1024)]
    [InlineData("1.5m", 1572864)]
    [InlineData("2 G", 2147483648)]
    [InlineData("1gb", 1073741824)]
    [InlineData("1t", 1099511627776)]
    [InlineData("1p", 1125899906842624)]
    public void Size_is_read(string text, long expected) => Assert.Equal(expected, Units.Bytes(text, out _));

    [Theory]
    [InlineData("", "`` is not a size")]
    [InlineData("m", "`m` is not a size")]
    [InlineData("-1m", "`-1m` is not a size")]
    [InlineData("1x", "`1x` is not a size")]
    [InlineData("1mbb", "`1mbb` is not a size")]
    [InlineData("99999999p", "the size `99999999p` is too large")]
    public void Bad_size_says_why(string text, string expected)
    {
        Assert.Null(Units.Bytes(text, out var why));
        Assert.StartsWith(expected, why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b", "a|b")]
    [InlineData("  a   b ", "a|b")]
    [InlineData("a 'b c' \"d e\"", "a|b c|d e")]
    [InlineData("a\\ b", "a b")]
    [InlineData("\"a\\\"b\\n\"", "a\"b\\n")]
    [InlineData("'a\\'", "a\\")]
    [InlineData("a''b", "ab")]
    [InlineData("'' x", "|x")]
    [InlineData("$HOME *", "$HOME|*")]
    [InlineData("", "")]
    public void Command_line_is_split_like_a_shell_does(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', ShellWords.Split(text)!.Value));

    [Theory]
    [InlineData("enviroment", "environment")]
    [InlineData("image_", "image")]
    [InlineData("Ports", "ports")]
    [InlineData("depends-on", "depends_on")]
    [InlineData("prots", "ports")]
    [InlineData("zzzz", null)]
    public void Nearest_key_is_what_was_meant(string word, string? expected) =>
        Assert.Equal(expected, Spelling.Nearest(word, ServiceKeys.Table.Keys));
}
