using Orchestrator.Engine.Fakes;

namespace Orchestrator.Engine.Tests;

public sealed class FakeEngineContractTests : EngineContract
{
    private static readonly Healthcheck Check = new() { Test = ["CMD-SHELL", "test -e /tmp/healthy"], Interval = ContractImages.ProbeInterval, Retries = ContractImages.ProbeRetries };

    private readonly FakeEngine _fake;

    public FakeEngineContractTests()
        : this(new FakeEngine(TimeProvider.System))
    {
    }

    private FakeEngineContractTests(FakeEngine fake)
        : base(fake)
    {
        _fake = fake;
        fake.AddImage(
            new FakeImage(ContractImages.Service) { Prints = [new(false, "ready"), new(true, "oops")], Exec = Exec },
            new FakeImage(ContractImages.Job) { Prints = [new(false, "working"), new(true, "failed")], ExitsAfter = TimeSpan.FromMilliseconds(50), ExitCode = 3 },
            new FakeImage(ContractImages.Talker) { Prints = [.. ((string[])["one", "two", "three", "four", "unfinished"]).Select(text => new LogLine(false, text))], ExitsAfter = TimeSpan.FromMilliseconds(50) },
            new FakeImage(ContractImages.Stubborn) { StopTakes = null },
            new FakeImage(ContractImages.Checked) { Healthcheck = Check, HealthyAfter = TimeSpan.FromMilliseconds(500), ExposedPorts = ["80/tcp"] },
            new FakeImage(ContractImages.Sick) { Healthcheck = Check, HealthyAfter = null },
            FakeImage.BadCommand(ContractImages.BadCommand));
    }

    protected override void RegistryIsDead() => _fake.Registry.IsDown = true;

    protected override Task PauseAsync(string container)
    {
        _fake.Pause(container);
        return Task.CompletedTask;
    }

    /// <summary>What the suite's commands do in the real image.</summary>
    private static ExecResult? Exec(FakeContainer container, ExecRequest request) => request.Command switch
    {
        ["sh", "-c", "echo out; echo err >&2; exit 7"] => new ExecResult(7, "out\nerr\n"),
        ["sh", "-c", "echo $WORD $(id -u) $PWD"] => new ExecResult(0, $"{request.Env[0].Split('=')[1]} {request.User} {request.WorkingDir}\n"),
        ["seq", "1", "100000"] => new ExecResult(0, string.Concat(Enumerable.Range(1, 100_000).Select(number => $"{number}\n"))),
        _ => null,
    };
}
