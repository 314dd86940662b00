using System.Collections.Immutable;
using System.CommandLine;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary><c>context ls</c>, <c>use</c>, <c>show</c>, <c>join</c> and <c>rm</c>: which coordinator commands ask.</summary>
internal sealed class ContextCommand : Command
{
    public ContextCommand(CliServices services, GlobalOptions globals)
        : base("context", "Choose which coordinator commands ask")
    {
        Subcommands.Add(new Ls(services, globals));
        Subcommands.Add(new Use(services, globals));
        Subcommands.Add(new Show(services, globals));
        Subcommands.Add(new Join(services, globals));
        Subcommands.Add(new Rm(services, globals));
    }

    private static ImmutableArray<ContextView> All(IContexts contexts) =>
        [new(CoordinatorChoice.LocalNames[0], contexts.Current is null, [], null), .. contexts.List()];

    private static void RequireKnown(IContexts contexts, string name, bool withLocal)
    {
        string[] known = [.. withLocal ? CoordinatorChoice.LocalNames.Take(1) : [], .. contexts.List().Select(c => c.Name)];
        if (!known.Contains(name, StringComparer.Ordinal))
            throw CliException.Usage($"there is no context {name}; {Suggestion.For(name, known, "contexts")}");
    }

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
            if (!local)
                RequireKnown(contexts, name, withLocal: true);
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

    private sealed class Join : CliCommand
    {
        private readonly Argument<string> _name = new("NAME") { Description = "What to call the fleet" };
        private readonly Argument<string> _address = new("ADDRESS") { Description = "Where its coordinator listens: https://HOST:PORT" };
        private readonly Option<string> _token = new("--token") { Description = "From `token create --role operator`; - reads it from standard input", Required = true };
        private readonly Option<string?> _user = new("--user") { Description = "Your name in the fleet (default: $USER)" };
        private readonly Option<bool> _use = new("--use") { Description = "Make it the one commands use" };

        public Join(CliServices services, GlobalOptions globals)
            : base("join", "Join a fleet as operator or viewer, and keep it as a context", services, globals)
        {
            Arguments.Add(_name);
            Arguments.Add(_address);
            Options.Add(_token);
            Options.Add(_user);
            Options.Add(_use);
        }

        protected override async Task<int> RunAsync(Invocation invocation)
        {
            var (arguments, services) = (invocation.Arguments, invocation.Services);
            var name = arguments.GetRequiredValue(_name);
            if (CoordinatorChoice.LocalNames.Contains(name))
                throw CliException.Usage($"{name} is the name of this machine's engine; choose another");
            var text = arguments.GetRequiredValue(_address);
            if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps)
                throw CliException.Usage($"`{text}` is not a coordinator's address; write it like https://10.0.0.1:7443");
            var token = arguments.GetRequiredValue(_token) is var given && given == "-" ? services.Terminal.ReadLine() ?? "" : given;
            var user = arguments.GetValue(_user) ?? services.Environment("USER") ?? "operator";
            var context = await services.Contexts.JoinAsync(name, address, token, user, invocation.Interrupted).ConfigureAwait(false);
            if (arguments.GetValue(_use))
                services.Contexts.Use(name);
            invocation.Voice.Data($"joined {string.Join(",", context.Addresses)} as {context.Role ?? "operator"}; context {name}");
            return ExitCode.Done;
        }
    }

    private sealed class Rm : CliCommand
    {
        private readonly Argument<string> _name = new("NAME") { Description = "The context to forget, with its key" };

        public Rm(CliServices services, GlobalOptions globals)
            : base("rm", "Forget a context", services, globals)
        {
            Arguments.Add(_name);
        }

        protected override Task<int> RunAsync(Invocation invocation)
        {
            var contexts = invocation.Services.Contexts;
            var name = invocation.Arguments.GetRequiredValue(_name);
            RequireKnown(contexts, name, withLocal: false);
            contexts.Remove(name);
            invocation.Voice.Data($"context {name} is forgotten");
            return Task.FromResult(ExitCode.Done);
        }
    }
}
