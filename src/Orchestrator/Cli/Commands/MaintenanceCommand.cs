using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary><c>maintenance on</c> and <c>maintenance off</c>.</summary>
internal sealed class MaintenanceCommand : Command
{
    public MaintenanceCommand(CliServices services, GlobalOptions globals)
        : base("maintenance", "Answer a service's traffic with its maintenance page, or by its replicas again")
    {
        Subcommands.Add(new On(services, globals));
        Subcommands.Add(new Off(services, globals));
    }

    private abstract class Switch : CliCommand
    {
        private readonly Argument<string> _target = new("STACK/SERVICE") { Description = "The service, such as shop/web" };
        private readonly Option<bool> _json = Parsing.Json();

        protected Switch(string name, string description, CliServices services, GlobalOptions globals)
            : base(name, description, services, globals)
        {
            Arguments.Add(_target);
            Options.Add(_json);
        }

        protected abstract MaintenanceRequest Request(ParseResult arguments, string stack, string service);

        protected override async Task<int> RunAsync(Invocation invocation)
        {
            var (stack, service) = Split(invocation.Arguments.GetRequiredValue(_target));
            await using var connection = await invocation.OpenAsync(changes: true).ConfigureAwait(false);
            await StackNames.RequireAsync(connection.Coordinator, stack, invocation.Interrupted).ConfigureAwait(false);
            await RequireServiceAsync(connection.Coordinator, stack, service, invocation.Interrupted).ConfigureAwait(false);
            var view = await connection.Coordinator.SetMaintenanceAsync(Request(invocation.Arguments, stack, service), invocation.Interrupted).ConfigureAwait(false);
            if (invocation.Arguments.GetValue(_json))
                invocation.Voice.Json(view, ApiJson.Default.MaintenanceView);
            else
                invocation.Voice.Data(Sentence(view));
            return ExitCode.Done;
        }

        private static string Sentence(MaintenanceView view)
        {
            var hold = view.Hold is { } time ? $", after holding each request for up to {DurationText.Of(time)}" : "";
            return view.On
                ? $"{view.Stack}/{view.Service} is in maintenance: its page is answered{hold}"
                : $"{view.Stack}/{view.Service} is out of maintenance: its replicas answer";
        }

        private static (string Stack, string Service) Split(string target)
        {
            var slash = target.IndexOf('/', StringComparison.Ordinal);
            return slash > 0 && slash < target.Length - 1 && slash == target.LastIndexOf('/')
                ? (target[..slash], target[(slash + 1)..])
                : throw CliException.Usage($"`{target}` is not STACK/SERVICE; write it like shop/web");
        }

        private static async Task RequireServiceAsync(ICoordinator coordinator, string stack, string service, CancellationToken cancellation)
        {
            var history = await coordinator.HistoryAsync(stack, cancellation).ConfigureAwait(false);
            // While a change goes on the newest revision is the one on its way; the coordinator has the last word.
            if (!history.IsEmpty && !history.Any(r => r.Services.ContainsKey(service)))
                StackNames.RequireServices(stack, [service], [.. history[0].Services.Keys]);
        }
    }

    private sealed class On : Switch
    {
        private readonly Option<TimeSpan?> _hold = Parsing.Duration("--hold", "Let requests wait this long for the end of maintenance before the page is answered, at most 10m (default: as the stack's file says)");

        public On(CliServices services, GlobalOptions globals)
            : base("on", "Answer the service's traffic with its maintenance page", services, globals)
        {
            Options.Add(_hold);
            Validators.Add(result =>
            {
                if (result.GetValue(_hold) > MaintenanceRequest.HoldMax)
                    result.AddError("--hold: requests can be held for at most 10m.");
            });
        }

        protected override MaintenanceRequest Request(ParseResult arguments, string stack, string service) => new(stack, service, On: true, arguments.GetValue(_hold));
    }

    private sealed class Off(CliServices services, GlobalOptions globals)
        : Switch("off", "Let the service's replicas answer again", services, globals)
    {
        protected override MaintenanceRequest Request(ParseResult arguments, string stack, string service) => new(stack, service, On: false);
    }
}
