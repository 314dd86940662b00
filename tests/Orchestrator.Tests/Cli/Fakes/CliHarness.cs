using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;
using Orchestrator.Tests.Probing;

namespace Orchestrator.Tests.Cli.Fakes;

/// <summary>The command line with everything around it faked.</summary>
internal sealed class CliHarness : ICoordinatorFactory, IInterrupts, IDisposable
{
    private readonly CancellationTokenSource _interrupt = new();

    public CapturedTerminal Terminal { get; init; } = new();

    public FakeCoordinator Coordinator { get; } = new();

    public FakeContexts Contexts { get; } = new();

    public FakeStackFiles StackFiles { get; } = new();

    public FakeDaemon Daemon { get; } = new();

    public FakeServer Server { get; } = new();

    public ManualTime Time { get; } = new();

    public Dictionary<string, string> Environment { get; } = [];

    public bool IsFleet { get; init; } = true;

    public CoordinatorChoice? Choice { get; private set; }

    public bool Closed { get; private set; }

    public Exception? OpenFailure { get; set; }

    public string Out => Terminal.OutText;

    public string Error => Terminal.ErrorText;

    CancellationToken IInterrupts.Asked => _interrupt.Token;

    public static ReplicaView Replica(string service, int slot, string host = "h1") => new(
        "hello", service, slot, "0123456789abcdef", host, $"{service}:v1@sha256:{new string('a', 64)}", "running", "healthy",
        $"hello-{service}-{slot}-01234567", $"id{slot}", new DateTimeOffset(2026, 1, 31, 11, 58, 0, TimeSpan.Zero), 0, ["10.0.0.1:49153->8080/tcp"]);

    public static StackView Stack(string name = "hello") => new(name, 2, "stable", 2, 4, 4, null);

    public static RevisionView Revision(int number, string state) => new(
        number, new DateTimeOffset(2026, 1, 31, 9, 0, 0, TimeSpan.Zero), state,
        ImmutableSortedDictionary<string, RevisionServiceView>.Empty.Add("web", new("0123456789abcdef", "web:v1", 3)), null);

    public Task<int> RunAsync(params string[] words) => new CommandLine(new CliServices
    {
        Terminal = Terminal,
        Interrupts = this,
        Time = Time,
        Coordinators = this,
        Contexts = Contexts,
        Daemon = Daemon,
        StackFiles = StackFiles,
        ProbeTransport = _ => Server,
        Environment = name => Environment.GetValueOrDefault(name),
        Version = "0.1.0",
    }).RunAsync(words);

    public void PressCtrlC() => _interrupt.Cancel();

    public Task<CoordinatorConnection> OpenAsync(CoordinatorChoice choice, CancellationToken cancellation)
    {
        Choice = choice;
        return OpenFailure is null
            ? Task.FromResult(new CoordinatorConnection(Coordinator, IsFleet, IsFleet ? "prod" : "local", () =>
            {
                Closed = true;
                return ValueTask.CompletedTask;
            }))
            : Task.FromException<CoordinatorConnection>(OpenFailure);
    }

    public void Dispose() => _interrupt.Dispose();
}
