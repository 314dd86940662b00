using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

/// <summary>Loads stack files from memory.</summary>
internal sealed class StackFiles
{
    public const string Folder = "/home/ada/shop";

    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal) { ["HOME"] = "/home/ada" };

    public StackFiles With(string name, string text)
    {
        _files[Path.Combine(Folder, name)] = text;
        return this;
    }

    public StackFiles Set(string name, string value)
    {
        _environment[name] = value;
        return this;
    }

    public StackFileRequest Request(params string[] files) => new()
    {
        Files = [.. files],
        CurrentDirectory = Folder,
        Environment = _environment,
        ReadText = path => _files.TryGetValue(path, out var text) ? text : throw new FileNotFoundException("no such file", path),
    };

    public StackFileResult Load(params string[] files) => StackFile.Load(Request(files.Length == 0 ? ["stack.yaml"] : files));

    public static StackFileResult Load(string yaml) => new StackFiles().With("stack.yaml", yaml).Load();

    public static StackSpec Good(string yaml) => Good(Load(yaml));

    public static StackSpec Good(StackFileResult result)
    {
        Assert.Equal([], result.Errors.Select(e => e.ToString()));
        return result.Stack!;
    }

    /// <summary>One service <c>web</c> with an image and these further lines.</summary>
    public static ServiceSpec Service(params string[] lines) => Good(Yaml(lines)).Services.Single(s => s.Name == "web");

    public static string Yaml(params string[] lines) =>
        "services:\n  web:\n    image: nginx\n" + string.Concat(lines.SelectMany(l => l.Split('\n')).Select(l => $"    {l}\n"));

    public static string[] Errors(string yaml) => [.. Load(yaml).Errors.Select(e => e.ToString())];
}
