using Orchestrator.Cli.Interaction;

namespace Orchestrator.Tests.Cli.Interaction;

public sealed class VisibleTextTests
{
    [Theory]
    [InlineData("plain é ✓", "plain é ✓")]
    [InlineData("\x1b[2J", "\\x1b[2J")]
    [InlineData("\u009b2J", "\\x9b2J")]
    [InlineData("\x7f\0", "\\x7f\\x00")]
    [InlineData("a\rb\r\n", "a\\rb")]
    [InlineData("a\tb", "a       b")]
    [InlineData("\u202egnp.exe", "\\u202egnp.exe")]
    public void Line_shows_what_would_act_on_the_terminal(string text, string expected) => Assert.Equal(expected, VisibleText.Line(text));

    [Fact]
    public void Line_is_cut_at_its_bound() =>
        Assert.Equal(VisibleText.LineLengthMax + 1, VisibleText.Line(new string('x', 100_000)).Length);

    [Fact]
    public void Lines_are_split_and_the_last_empty_one_left_out() => Assert.Equal(["a", "", "b"], VisibleText.Lines("a\r\n\nb\n"));
}
