using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary><c>hosts ls</c> and <c>hosts rm</c>.</summary>
internal sealed class HostsCommand : Command
{
    public HostsCommand(CliServices services, GlobalOptions globals)
        : base("hosts", "List and remove the fleet's hosts")
    {
        Aliases.Add("host");
        Subcommands.Add(new Ls(services, globals));
        Subcommands.Add(new Rm(services, globals));
    }

    private sealed class Ls : CliCommand
    {
        private readonly Option<bool> _json = Parsing.Json();

        public Ls(CliServices services, GlobalOptions globals)
            : base("ls", "List hosts: their state, engine and size", services, globals)
        {
            Options.Add(_json);
        }

        protected override async Task<int> RunAsync(Invocation invocation)
        {
            await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
            var hosts = await connection.Coordinator.HostsAsync(invocation.Interrupted).ConfigureAwait(false);
            if (invocation.Arguments.GetValue(_json))
            {
                invocation.Voice.Json(hosts, ApiJson.Default.ImmutableArrayHostView);
                return ExitCode.Done;
            }

            foreach (var line in HostText.Lines(hosts, invocation.Services.Time.GetUtcNow(), invocation.Voice.OutPaint))
                invocation.Voice.Data(line);
            return ExitCode.Done;
        }
    }

    private sealed class Rm : CliCommand
    {
        private readonly Argument<string> _host = new("HOST") { Description = "The host's name, as `hosts ls` shows it" };

        public Rm(CliServices services, GlobalOptions globals)
            : base("rm", "Forget a host that is down; its replicas are placed elsewhere", services, globals)
        {
            Arguments.Add(_host);
        }

        protected override async Task<int> RunAsync(Invocation invocation)
        {
            var host = invocation.Arguments.GetRequiredValue(_host);
            await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
            var known = (await connection.Coordinator.HostsAsync(invocation.Interrupted).ConfigureAwait(false)).Select(h => h.Name).ToArray();
            if (!known.Contains(host, StringComparer.Ordinal))
                throw CliException.Usage($"there is no host {host}; {Suggestion.For(host, known, "hosts")}");
            await connection.Coordinator.RemoveHostAsync(host, invocation.Interrupted).ConfigureAwait(false);
            invocation.Voice.Data($"host {host} is forgotten");
            return ExitCode.Done;
        }
    }
}
