using Orchestrator.Stacks.Interpolation;

namespace Orchestrator.Tests.Stacks;

public sealed class InterpolationTests
{
    private static readonly Dictionary<string, string> Variables = new(StringComparer.Ordinal) { ["SET"] = "value", ["EMPTY"] = "", ["DOLLAR"] = "$SET" };

    private static (string Text, Interpolator Interpolator) Expand(string text)
    {
        var interpolator = new Interpolator(Variables.GetValueOrDefault);
        return (interpolator.Expand(text), interpolator);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("$SET", "value")]
    [InlineData("a${SET}b", "avalueb")]
    [InlineData("$SET.$SET", "value.value")]
    [InlineData("$EMPTY", "")]
    [InlineData("${SET:-d}", "value")]
    [InlineData("${SET-d}", "value")]
    [InlineData("${EMPTY:-d}", "d")]
    [InlineData("${EMPTY-d}", "")]
    [InlineData("${UNSET:-d}", "d")]
    [InlineData("${UNSET-d}", "d")]
    [InlineData("${UNSET:-}", "")]
    [InlineData("${SET:?m}", "value")]
    [InlineData("${EMPTY?m}", "")]
    [InlineData("${SET:+r}", "r")]
    [InlineData("${SET+r}", "r")]
    [InlineData("${EMPTY:+r}", "")]
    [InlineData("${EMPTY+r}", "r")]
    [InlineData("${UNSET:+r}", "")]
    [InlineData("${UNSET+r}", "")]
    [InlineData("${UNSET:-${SET}}", "value")]
    [InlineData("${UNSET:-${OTHER:-deep}}", "deep")]
    [InlineData("${UNSET:-$SET}x", "valuex")]
    [InlineData("${UNSET:-a:-b}", "a:-b")]
    [InlineData("${UNSET-a?b}", "a?b")]
    [InlineData("${UNSET:-{\"a\":{}}}", "{\"a\":{}}")]
    [InlineData("${SET:-${NOT_READ:?unused}}", "value")]
    [InlineData("${SET:+${EMPTY:-x}}", "x")]
    [InlineData("$DOLLAR", "$SET")]
    [InlineData("$$", "$")]
    [InlineData("$$SET", "$SET")]
    [InlineData("$${SET}", "${SET}")]
    [InlineData("$$$SET", "$value")]
    [InlineData("${UNSET:-$$5}", "$5")]
    [InlineData("a$", "a$")]
    [InlineData("$}", "$}")]
    [InlineData("^X$", "^X$")]
    [InlineData("$1", "$1")]
    [InlineData("$ SET", "$ SET")]
    [InlineData("$-", "$-")]
    public void Text_is_expanded(string text, string expected)
    {
        var (result, interpolator) = Expand(text);

        Assert.Equal(expected, result);
        Assert.Empty(interpolator.Errors);
        Assert.Empty(interpolator.Warnings);
    }

    [Theory]
    [InlineData("${", 0, "`${` has no closing brace")]
    [InlineData("ab ${SET", 3, "`${` has no closing brace")]
    [InlineData("${UNSET:-${SET}", 0, "`${` has no closing brace")]
    [InlineData("x${}", 1, "`${}` is not a variable")]
    [InlineData("${ SET}", 0, "`${ SET}` is not a variable")]
    [InlineData("${SET }", 0, "`${SET }` is not a variable")]
    [InlineData("${SET!}", 0, "`${SET!}` is not a variable")]
    [InlineData("${SET/a/b}", 0, "`${SET/a/b}` is not a variable")]
    [InlineData("${SET:}", 0, "`${SET:}` is not a variable")]
    [InlineData("${1A}", 0, "`${1A}` is not a variable")]
    [InlineData("${UNSET:?}", 0, "the variable UNSET is required but not set")]
    [InlineData("${UNSET?say $SET}", 0, "the variable UNSET is required but not set: say value")]
    [InlineData("a${EMPTY:?m}", 1, "the variable EMPTY is required but empty: m")]
    [InlineData("${UNSET:-x${OTHER:?deep}}", 10, "the variable OTHER is required but not set: deep")]
    public void Bad_expression_is_an_error_at_its_offset(string text, int offset, string message)
    {
        var error = Assert.Single(Expand(text).Interpolator.Errors);

        Assert.Equal((offset, message), (error.Offset, error.Message));
    }

    [Theory]
    [InlineData("a $UNSET b", 2, "a  b")]
    [InlineData("${UNSET}", 0, "")]
    [InlineData("${EMPTY:-$UNSET}", 9, "")]
    public void Unset_variable_warns_and_is_blank(string text, int offset, string expected)
    {
        var (result, interpolator) = Expand(text);

        Assert.Equal(expected, result);
        Assert.Equal(offset, Assert.Single(interpolator.Warnings).Offset);
    }

    [Fact]
    public void Endless_nesting_is_refused()
    {
        var text = string.Concat(Enumerable.Repeat("${A:-", 10_000)) + new string('}', 10_000);

        Assert.Equal("variables are nested more than 32 deep", Assert.Single(Expand(text).Interpolator.Errors).Message);
    }

    [Fact]
    public void Values_are_cast_after_interpolation_and_keys_are_left_alone()
    {
        var result = new StackFiles()
            .Set("N", "3").Set("YES", "true").Set("P", "8080:80")
            .With("stack.yaml", StackFiles.Yaml("scale: $N", "tty: ${YES}", "ports: [\"$P\"]", "labels: {$N: x}"))
            .Load();

        var web = StackFiles.Good(result).Services[0];
        Assert.Equal(3, web.Deploy.Replicas);
        Assert.True(web.Container.Tty);
        Assert.Equal(8080, web.Traffic.Ports[0].Published);
        Assert.Equal(["$N"], web.Container.Labels.Keys);
    }

    [Fact]
    public void Place_of_an_error_is_that_of_the_expression()
    {
        Assert.Equal(
            [(4, 18), (5, 22), (6, 11)],
            StackFiles.Load(StackFiles.Yaml("hostname: ab-${A!}", "working_dir: \"/x/${A!}\"", "user: \"\\t${A!}\"")).Errors.Select(e => (e.Line, e.Column)));
    }
}
