using System.Collections.Immutable;
using System.CommandLine;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary><c>context ls</c>, <c>context use</c> and <c>context show</c>: which coordinator commands ask.</summary>
internal sealed class ContextCommand : Command
{
    public ContextCommand(CliServices services, GlobalOptions globals)
        : base("context", "Choose which coordinator commands ask")
    {
        Subcommands.Add(new Ls(services, globals));
        Subcommands.Add(new Use(services, globals));
        Subcommands.Add(new Show(services, globals));
    }

    private static ImmutableArray<ContextView> All(IContexts contexts) =>
        [new(CoordinatorChoice.LocalNames[0], contexts.Current is null, [], null), .. contexts.List()];

    private sealed class Ls : CliCommand
    {
        private readonly Option<bool> _json = Parsing.Json();

        public Ls(CliServices services, GlobalOptions globals)
            : base("ls", "List contexts", services, globals)
        {
            Options.Add(_json);
        }

        protected override Task<int> RunAsync(Invocation invocation)
        {
            var contexts = All(invocation.Services.Contexts);
            if (invocation.Arguments.GetValue(_json))
            {
                invocation.Voice.Json(contexts, CliViewJson.Default.ImmutableArrayContextView);
                return Task.FromResult(ExitCode.Done);
            }

            var table = new TextTable("CONTEXT", "CURRENT", "COORDINATOR", "ROLE");
            foreach (var context in contexts)
            {
                var addresses = context.Addresses.IsEmpty ? "this machine's engine" : string.Join(",", context.Addresses);
                table.Add(context.Name, new(context.Current ? "*" : "", Tone.Good), addresses, context.Role ?? "");
            }

            foreach (var line in table.Lines(invocation.Voice.OutPaint))
                invocation.Voice.Data(line);
            return Task.FromResult(ExitCode.Done);
        }
    }

    private sealed class Use : CliCommand
    {
        private readonly Argument<string> _name = new("NAME") { Description = "A context's name; \"local\" for this machine's engine" };

        public Use(CliServices services, GlobalOptions globals)
            : base("use", "Make a context the one commands use", services, globals)
        {
            Arguments.Add(_name);
        }

        protected override Task<int> RunAsync(Invocation invocation)
        {
            var contexts = invocation.Services.Contexts;
            var name = invocation.Arguments.GetRequiredValue(_name);
            var local = CoordinatorChoice.LocalNames.Contains(name);
            var known = contexts.List().Select(c => c.Name).ToArray();
            if (!local && !known.Contains(name, StringComparer.Ordinal))
                throw CliException.Usage($"there is no context {name}; {Suggestion.For(name, [CoordinatorChoice.LocalNames[0], .. known], "contexts")}");
            contexts.Use(local ? null : name);
            invocation.Voice.Data($"commands now ask {(local ? "this machine's engine" : name)}");
            return Task.FromResult(ExitCode.Done);
        }
    }

    private sealed class Show : CliCommand
    {
        private readonly Option<bool> _json = Parsing.Json();

        public Show(CliServices services, GlobalOptions globals)
            : base("show", "Show the context commands use", services, globals)
        {
            Options.Add(_json);
        }

        protected override Task<int> RunAsync(Invocation invocation)
        {
            var wanted = invocation.Choice.Context ?? invocation.Services.Contexts.Current ?? CoordinatorChoice.LocalNames[0];
            var name = CoordinatorChoice.LocalNames.Contains(wanted) ? CoordinatorChoice.LocalNames[0] : wanted;
            var all = All(invocation.Services.Contexts);
            var context = all.FirstOrDefault(c => c.Name == name)
                ?? throw CliException.Usage($"there is no context {name}; {Suggestion.For(name, [.. all.Select(c => c.Name)], "contexts")}");
            if (invocation.Arguments.GetValue(_json))
                invocation.Voice.Json(context, CliViewJson.Default.ContextView);
            else
                invocation.Voice.Data(context.Name);
            return Task.FromResult(ExitCode.Done);
        }
    }
}
