using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Orchestrator.Cli;
using Orchestrator.Tests.Cli;

namespace Orchestrator.Tests.Architecture;

/// <summary>What the documents name exists.</summary>
public sealed partial class DocumentTests
{
    private const string Program = "orchestrator";

    private static readonly RootCommand _root = CommandLineTests.Build().Root;

    [Fact]
    public void Paths_named_in_documents_exist()
    {
        var missing = Repository.Documents()
            .SelectMany(d => CodeSpan().Matches(d.Text).Select(m => (d.Path, Named: m.Groups[1].Value)))
            .Where(p => RepositoryPath().IsMatch(p.Named))
            .Where(p => !File.Exists(Path.Combine(Repository.Root, p.Named)) && !Directory.Exists(Path.Combine(Repository.Root, p.Named)))
            .Select(p => $"{p.Path}: {p.Named}")
            .ToArray();

        Assert.True(missing.Length == 0, string.Join(Environment.NewLine, missing));
    }

    [Fact]
    public void Commands_named_in_documents_exist()
    {
        var unknown = Repository.Documents()
            .SelectMany(d => Code(d.Text).SelectMany(c => CommandUse().Matches(c)).Select(m => (d.Path, First: m.Groups[1].Value, Second: m.Groups[2].Value)))
            .Where(u => !Exists(u.First, u.Second))
            .Select(u => $"{u.Path}: {Program} {u.First} {u.Second}")
            .Distinct()
            .ToArray();

        Assert.True(unknown.Length == 0, string.Join(Environment.NewLine, unknown));
    }

    [Fact]
    public void Examples_in_the_command_reference_are_understood()
    {
        var examples = Text("docs/cli.md").Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith(Program + " ", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(examples);
        Assert.All(examples, example =>
        {
            var words = example.Split(" #")[0].Split(" |")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];
            Assert.True(_root.Parse(words).Errors.Count == 0, $"{example}: {string.Join("; ", _root.Parse(words).Errors)}");
        });
    }

    [Fact]
    public void Command_reference_has_each_command_with_an_example()
    {
        var text = Text("docs/cli.md");

        Assert.All(Leaves(_root, []), path => Assert.Matches($@"(?m)^\s*{Program} {string.Join(' ', path)}\b", text));
    }

    [Fact]
    public void Exit_codes_are_all_documented()
    {
        var text = Text("docs/exit-codes.md");
        var codes = typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (int)f.GetRawConstantValue()!);

        Assert.All(codes, code => Assert.Contains($"| {code.ToString(CultureInfo.InvariantCulture)} |", text, StringComparison.Ordinal));
    }

    private static bool Exists(string first, string second) =>
        Find(_root, first) is { } command && (command.Subcommands.Count == 0 || second.Length == 0 || Find(command, second) is not null);

    private static Command? Find(Command parent, string name) => parent.Subcommands.FirstOrDefault(c => c.Name == name || c.Aliases.Contains(name));

    private static IEnumerable<string[]> Leaves(Command command, string[] path) => command.Subcommands.Count == 0
        ? [path]
        : command.Subcommands.SelectMany(c => Leaves(c, [.. path, c.Name]));

    private static IEnumerable<string> Code(string text) =>
        CodeBlock().Matches(text).Select(m => m.Groups[1].Value).Concat(CodeSpan().Matches(CodeBlock().Replace(text, "")).Select(m => m.Groups[1].Value));

    private static string Text(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    [GeneratedRegex(@"```[^\n]*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"`([^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"^(src|tests|deploy|docs|examples|bench|\.ci)/[\w./-]+$")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"(?m)(?:^|[\s/$`])orchestrator (?:--[\w-]+(?:[ =][\w./-]+)? )*([a-z]+)(?: ([a-z]+))?")]
    private static partial Regex CommandUse();
}
