using Orchestrator.Stacks;
using Orchestrator.Stacks.EnvFiles;
using Orchestrator.Stacks.Reading;

namespace Orchestrator.Tests.Stacks;

public sealed class EnvFileTests
{
    private static string? Caller(string name) => name == "HOME" ? "/home/ada" : null;

    private static string Shown(IReadOnlyDictionary<string, string> values) => string.Join(" ", values.Select(p => $"{p.Key}=[{p.Value}]"));

    [Theory]
    [InlineData("A=1", "A=[1]")]
    [InlineData("A=1 # note", "A=[1]")]
    [InlineData("A=1#note", "A=[1#note]")]
    [InlineData("A=#note", "A=[]")]
    [InlineData("A = 1 ", "A=[1]")]
    [InlineData("A: 1", "A=[1]")]
    [InlineData("export A=1", "A=[1]")]
    [InlineData("export\tA=1", "A=[1]")]
    [InlineData("exported=1", "exported=[1]")]
    [InlineData("export=1", "export=[1]")]
    [InlineData("A=", "A=[]")]
    [InlineData("A", "")]
    [InlineData("HOME", "HOME=[/home/ada]")]
    [InlineData("A='x $B # \"y\"'", "A=[x $B # \"y\"]")]
    [InlineData("A=\"x # y\"", "A=[x # y]")]
    [InlineData("A=\"a\\nb\\tc\\\"d\\\\e\\$f\\q\"", "A=[a\nb\tc\"d\\e$f\\q]")]
    [InlineData("A=\"two\nlines\"\nB=2", "A=[two\nlines] B=[2]")]
    [InlineData("A='two\nlines'", "A=[two\nlines]")]
    [InlineData("B=2\nA=$B-${C:-3}", "B=[2] A=[2-3]")]
    [InlineData("A=$HOME/x", "A=[/home/ada/x]")]
    [InlineData("HOME=/other\nA=$HOME", "HOME=[/other] A=[/home/ada]")]
    [InlineData("A='${HOME}/x'", "A=[${HOME}/x]")]
    [InlineData("# c\n\n  A=1\r\nB=2\r\n", "A=[1] B=[2]")]
    [InlineData("\uFEFFA=1", "A=[1]")]
    [InlineData("A.b-c=1", "A.b-c=[1]")]
    [InlineData("A=1\nA=2", "A=[2]")]
    [InlineData("A=\"x\" # note", "A=[x]")]
    [InlineData("A=a=b=c", "A=[a=b=c]")]
    [InlineData("A=a \"b\" c", "A=[a \"b\" c]")]
    [InlineData("A=$$x $1 $", "A=[$x $1 $]")]
    [InlineData("", "")]
    public void Lines_are_read(string text, string expected)
    {
        var diagnostics = new Diagnostics();

        Assert.Equal(expected, Shown(EnvFile.Parse(".env", text, Caller, diagnostics)));
        Assert.Empty(diagnostics.Errors);
        Assert.Empty(diagnostics.Warnings);
    }

    [Theory]
    [InlineData("A B=1\nC=2", ".env:1:1: the name holds a space", "C=[2]")]
    [InlineData("X=1\nA=\"x", ".env:2:3: the quote \" is not closed", "X=[1]")]
    [InlineData("A='x", ".env:1:3: the quote ' is not closed", "")]
    [InlineData("=x", ".env:1:1: the name before `=` is missing", "")]
    [InlineData("?=x", ".env:1:1: this line is not NAME=value", "")]
    [InlineData("A?=x", ".env:1:2: `?` may not stand in a name", "")]
    [InlineData("A=\"x\"y\nB=1", ".env:1:6: text stands after the closing quote", "B=[1]")]
    [InlineData("A=${B", ".env:1:3: `${` has no closing brace", "A=[]")]
    public void Bad_line_is_an_error_in_its_place_and_the_others_are_read(string text, string error, string expected)
    {
        var diagnostics = new Diagnostics();

        Assert.Equal(expected, Shown(EnvFile.Parse(".env", text, Caller, diagnostics)));
        Assert.StartsWith(error, Assert.Single(diagnostics.Errors).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A=\"x\" # y", "A=[\"x\" # y]")]
    [InlineData("A=$HOME", "A=[$HOME]")]
    [InlineData("# c\nHOME\nB", "HOME=[/home/ada]")]
    [InlineData("  A= 1 ", "A=[ 1 ]")]
    public void Raw_lines_are_taken_as_they_stand(string text, string expected)
    {
        var diagnostics = new Diagnostics();

        Assert.Equal(expected, Shown(EnvFile.ParseRaw("f", text, Caller, diagnostics)));
        Assert.Empty(diagnostics.Errors);
    }

    [Fact]
    public void Raw_line_with_a_space_in_its_name_is_an_error()
    {
        var diagnostics = new Diagnostics();

        EnvFile.ParseRaw("f", "A=1\n A B=1", Caller, diagnostics);

        Assert.Equal("f:2:2: the name holds a space; write NAME=value", Assert.Single(diagnostics.Errors).ToString());
    }

    [Fact]
    public void Callers_environment_wins_over_the_default_env_file()
    {
        var files = new StackFiles().With(".env", "TAG=file\nOTHER=file\n").With("stack.yaml", StackFiles.Yaml("hostname: $TAG-$OTHER")).Set("TAG", "caller");

        Assert.Equal("caller-file", StackFiles.Good(files.Load()).Services[0].Container.Hostname);
    }

    [Fact]
    public void Named_env_files_stand_in_for_the_default_and_later_ones_win()
    {
        var files = new StackFiles()
            .With(".env", "A=default\n").With("one.env", "A=1\nB=1\n").With("two.env", "B=2-$A\n")
            .With("stack.yaml", StackFiles.Yaml("hostname: ${A}x${B}"));

        var result = StackFile.Load(files.Request("stack.yaml") with { EnvFiles = ["one.env", "two.env"] });

        Assert.Equal("1x2-1", StackFiles.Good(result).Services[0].Container.Hostname);
    }

    [Fact]
    public void Missing_named_env_file_is_an_error()
    {
        var files = new StackFiles().With("stack.yaml", StackFiles.Yaml());

        var result = StackFile.Load(files.Request("stack.yaml") with { EnvFiles = ["no.env"] });

        Assert.Equal("no.env: the env file does not exist; check the path; relative paths start at /home/ada/shop", Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void Environment_key_wins_over_env_file_and_later_files_over_earlier()
    {
        var files = new StackFiles()
            .With("a.env", "A=a\nB=a\nC=a\n").With("b.env", "B=b\nC=b\n")
            .With("stack.yaml", StackFiles.Yaml("environment: {C: own}", "env_file: [a.env, b.env]"));

        var environment = StackFiles.Good(files.Load()).Services[0].Container.Environment;

        Assert.Equal("A=a,B=b,C=own", string.Join(',', environment.Select(p => $"{p.Key}={p.Value}")));
    }
}
