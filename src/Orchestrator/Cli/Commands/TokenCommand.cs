using System.CommandLine;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary><c>token create</c>.</summary>
internal sealed class TokenCommand : Command
{
    public TokenCommand(CliServices services, GlobalOptions globals)
        : base("token", "Make tokens with which hosts and people join a fleet")
    {
        Subcommands.Add(new Create(services, globals));
    }

    private sealed class Create : CliCommand
    {
        private static readonly TimeSpan _defaultLifetime = TimeSpan.FromHours(1);

        private readonly Option<string> _role = new("--role") { Description = "agent, operator or viewer", Required = true };
        private readonly Option<TimeSpan?> _lifetime = Parsing.Duration("--ttl", $"How long the token may be used (default: {DurationText.Of(_defaultLifetime)})");
        private readonly Option<string?> _data = new("--data-dir") { Description = "Make it from this coordinator's data folder, without asking the coordinator", HelpName = "folder" };
        private readonly Option<bool> _json = Parsing.Json();

        public Create(CliServices services, GlobalOptions globals)
            : base("create", "Make a join token and print it", services, globals)
        {
            _role.AcceptOnlyFromAmong("agent", "operator", "viewer");
            Options.Add(_role);
            Options.Add(_lifetime);
            Options.Add(_data);
            Options.Add(_json);
        }

        protected override async Task<int> RunAsync(Invocation invocation)
        {
            var arguments = invocation.Arguments;
            var role = arguments.GetRequiredValue(_role);
            var lifetime = arguments.GetValue(_lifetime) ?? _defaultLifetime;
            var token = await TokenAsync(invocation, role, lifetime).ConfigureAwait(false);
            if (arguments.GetValue(_json))
                invocation.Voice.Json(new TokenView(token, role, lifetime), CliViewJson.Default.TokenView);
            else
                invocation.Voice.Data(token);
            return ExitCode.Done;
        }

        private async Task<string> TokenAsync(Invocation invocation, string role, TimeSpan lifetime)
        {
            if (invocation.Arguments.GetValue(_data) is { } folder)
                return await invocation.Services.Daemon.CreateTokenAsync(folder, role, lifetime, invocation.Interrupted).ConfigureAwait(false);
            await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
            if (!connection.IsFleet)
                throw CliException.Usage("tokens are for joining a fleet, and none is configured; start one with `orchestrator serve --init`, or choose it with --context");
            return await connection.Coordinator.CreateTokenAsync(role, lifetime, invocation.Interrupted).ConfigureAwait(false);
        }
    }
}
