using System.Collections.Immutable;
using System.CommandLine;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Rendering;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Cli.Commands;

/// <summary>How <c>deploy</c> and <c>plan</c> are told what to deploy: files and services, as arguments or as options.</summary>
internal sealed class StackFileOptions
{
    /// <summary>What is looked for when no file is named, in this order.</summary>
    public static readonly IReadOnlyList<string> DefaultFiles = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "stack.yaml", "stack.yml"];

    private readonly Argument<string[]> _words = new("FILE|SERVICE")
    {
        Description = $"Stack file, then the services to deploy (default: all). Without a file: {string.Join(", ", DefaultFiles)}; - is standard input",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _files = new("--file", "-f", "-c", "--compose-file") { Description = "Stack file; repeat it to merge several", HelpName = "file" };
    private readonly Option<string[]> _services = new("--service", "-s") { Description = "Deploy only this service; repeatable", HelpName = "service" };
    private readonly Option<string?> _name = new("--name", "-p", "--project-name") { Description = "The stack's name (default: `name:` in the file, else its folder's name)", HelpName = "stack" };
    private readonly Option<string[]> _envFiles = new("--env-file") { Description = "Variables for the stack file; repeatable (default: .env beside it)", HelpName = "file" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(_words);
        command.Options.Add(_files);
        command.Options.Add(_services);
        command.Options.Add(_name);
        command.Options.Add(_envFiles);
    }

    /// <summary>Reads the files; every error of theirs is in the exception, one line each.</summary>
    public (StackSpec Spec, IReadOnlyList<string> Services, ImmutableArray<CertificateFile> Certificates) Read(Invocation invocation)
    {
        var arguments = invocation.Arguments;
        var (files, services) = Split(arguments, invocation.Services.StackFiles);
        var result = invocation.Services.StackFiles.Load(new([.. files], arguments.GetValue(_name), [.. arguments.GetValue(_envFiles) ?? []]));
        foreach (var warning in result.Warnings)
            invocation.Voice.Warn(warning.ToString());
        if (result.Stack is not { } spec)
            throw new StackFileException(result.Errors);
        StackNames.RequireServices(spec.Name, services, [.. spec.Services.Select(s => s.Name)]);
        return (spec, services, result.Certificates);
    }

    /// <summary>The files that are read, as far as the command line tells; without standard input.</summary>
    public IEnumerable<string> Inputs(Invocation invocation) =>
        Split(invocation.Arguments, invocation.Services.StackFiles).Files.Where(f => f != "-").Concat(invocation.Arguments.GetValue(_envFiles) ?? []);

    /// <summary>Leading words that look like files are files; all others are services.</summary>
    private (IReadOnlyList<string> Files, IReadOnlyList<string> Services) Split(ParseResult arguments, IStackFiles disk)
    {
        var words = arguments.GetValue(_words) ?? [];
        var named = arguments.GetValue(_files) ?? [];
        var leading = words.TakeWhile(w => LooksLikeFile(w) || (named.Length == 0 && w == words[0] && disk.Exists(w))).ToArray();
        string[] services = [.. words.Skip(leading.Length), .. arguments.GetValue(_services) ?? []];
        if (services.FirstOrDefault(LooksLikeFile) is { } late)
            throw CliException.Usage($"{late} comes after a service; name stack files first, or with --file");
        string[] files = [.. named, .. leading];
        if (files.Length > 0)
            return (files, services);
        if (DefaultFiles.FirstOrDefault(disk.Exists) is { } found)
            return ([found], services);
        throw CliException.Usage($"no stack file: none of {string.Join(", ", DefaultFiles)} is in this folder; name one, as in `orchestrator deploy stack.yaml`");
    }

    public static bool LooksLikeFile(string word) =>
        word == "-" || word.Contains('/', StringComparison.Ordinal)
        || word.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || word.EndsWith(".yml", StringComparison.OrdinalIgnoreCase) || word.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
}
