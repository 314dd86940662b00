using System.CommandLine;
using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

internal sealed class DiffCommand : CliCommand
{
    private readonly Argument<string[]> _words = new("STACK REVISION [REVISION] | FILE")
    {
        Description = "A stack and two of its revisions (one: compared with the current), or a stack file, compared with the current revision of its stack",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _name = new("--name", "-p", "--project-name") { Description = "The stack's name (default: `name:` in the file, else its folder's name)", HelpName = "stack" };
    private readonly Option<string[]> _envFiles = new("--env-file") { Description = "Variables for the stack file; repeatable (default: .env beside it)", HelpName = "file" };
    private readonly Option<bool> _values = new("--values") { Description = "Show what may hold secrets, too: values of the environment, commands, labels, options" };
    private readonly Option<bool> _exitCode = new("--exit-code") { Description = "Exit with 1 when something differs" };
    private readonly Option<bool> _json = Parsing.Json();

    public DiffCommand(CliServices services, GlobalOptions globals)
        : base("diff", "Show what differs between two revisions of a stack, or between its file and what runs", services, globals)
    {
        Arguments.Add(_words);
        Options.Add(_name);
        Options.Add(_envFiles);
        Options.Add(_values);
        Options.Add(_exitCode);
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var query = Query(invocation) with { Values = invocation.Arguments.GetValue(_values) };
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        await StackNames.RequireAsync(connection.Coordinator, query.Stack, invocation.Interrupted).ConfigureAwait(false);
        var diff = await connection.Coordinator.DiffAsync(query, invocation.Interrupted).ConfigureAwait(false);
        if (invocation.Arguments.GetValue(_json))
        {
            invocation.Voice.Json(diff, ApiJson.Default.StackDiff);
        }
        else
        {
            foreach (var line in DiffText.Lines(diff, invocation.Voice.OutPaint))
                invocation.Voice.Data(line);
        }

        return diff.Parts.Length > 0 && invocation.Arguments.GetValue(_exitCode) ? ExitCode.Failed : ExitCode.Done;
    }

    private DiffQuery Query(Invocation invocation)
    {
        var words = invocation.Arguments.GetRequiredValue(_words);
        if (words.Length > 1 && words.Skip(1).All(w => int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            var numbers = words.Skip(1).Select(w => int.Parse(w, CultureInfo.InvariantCulture)).ToArray();
            return numbers.Length switch
            {
                1 => new DiffQuery { Stack = words[0], From = numbers[0] },
                2 => new DiffQuery { Stack = words[0], From = numbers[0], To = numbers[1] },
                _ => throw CliException.Usage("more than two revisions; compare two at a time"),
            };
        }

        if (words.Length == 1 && !StackFileOptions.LooksLikeFile(words[0]) && !invocation.Services.StackFiles.Exists(words[0]))
            throw CliException.Usage($"`{words[0]}` is neither a stack file nor followed by revisions; write `{invocation.Hint($"diff {words[0]} 3 4")}`, with numbers as `history` shows them");
        var result = invocation.Services.StackFiles.Load(new StackFileQuery([.. words], invocation.Arguments.GetValue(_name), [.. invocation.Arguments.GetValue(_envFiles) ?? []]));
        return result.Stack is { } spec ? new DiffQuery { Stack = spec.Name, Spec = spec } : throw new StackFileException(result.Errors);
    }
}
