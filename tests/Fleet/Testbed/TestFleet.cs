namespace Orchestrator.Fleet.Testbed;

/// <summary>
/// Three real hosts, a registry, a coordinator and three agents, made by <c>deploy/fleet</c> for the tests of one collection.
/// They are taken down afterwards unless <c>ORCHESTRATOR_FLEET_KEEP</c> is set, as <c>deploy/test</c> does.
/// </summary>
public sealed class TestFleet : IAsyncLifetime
{
    public const int HostCount = 3;
    public const string Registry = "10.77.0.254:5000";

    /// <summary>The first <c>up</c> on a machine may also install packages and build.</summary>
    private static readonly TimeSpan UpTimeout = TimeSpan.FromMinutes(15);

    /// <summary>The repository this test was built from.</summary>
    public static string Root { get; } = FindRoot();

    private static string RunFolder =>
        Environment.GetEnvironmentVariable("ORCHESTRATOR_FLEET_DIR") is { Length: > 0 } folder ? $"{folder}/run" : "/run/orchestrator-fleet";

    public IReadOnlyList<TestHost> Hosts { get; } =
        [.. Enumerable.Range(1, HostCount).Select(n => new TestHost($"h{n}", $"10.77.0.{n}", $"{RunFolder}/h{n}/docker.sock"))];

    public TestHost this[string name] => Hosts.Single(host => host.Name == name);

    public async Task InitializeAsync() => (await FleetAsync(UpTimeout, "up", $"{HostCount}", "--agents")).Expect();

    public async Task DisposeAsync()
    {
        if (Environment.GetEnvironmentVariable("ORCHESTRATOR_FLEET_KEEP") is null or "")
            (await FleetAsync(null, "down")).Expect();
    }

    /// <summary>A file below the repository's root, such as <c>examples/hello/stack.yaml</c>.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    /// <summary><c>orchestrator --context fleet …</c>, to its end.</summary>
    public Task<CommandResult> CliAsync(params string[] arguments) => CliAsync(null, arguments);

    /// <summary>The same with variables for the stack file; <c>REGISTRY</c> is set to the testbed's unless given.</summary>
    public async Task<CommandResult> CliAsync(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        using var command = StartCli(environment, arguments);
        return await command.EndAsync();
    }

    /// <summary>Starts it only, so that the test can break something in the middle.</summary>
    public Command StartCli(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var all = new Dictionary<string, string>(environment ?? new Dictionary<string, string>());
        all.TryAdd("REGISTRY", Registry);
        return Command.Start(PathOf("dist/orchestrator"), ["--context", "fleet", .. arguments], all);
    }

    /// <summary>Runs a command on a host, in all its namespaces.</summary>
    public Task<CommandResult> ExecAsync(TestHost host, params string[] command) => FleetAsync(null, ["exec", host.Name, .. command]);

    /// <summary>Takes the host's link down: packets are lost, nobody is told.</summary>
    public Task CutAsync(TestHost host) => DoAsync("cut", host.Name);

    public Task HealAsync(TestHost host) => DoAsync("heal", host.Name);

    public Task KillAgentAsync(TestHost host) => DoAsync("kill-agent", host.Name);

    public Task StartAgentAsync(TestHost host) => DoAsync("start-agent", host.Name);

    /// <summary>Starts it with another image for its ingress, as an upgrade does.</summary>
    public async Task StartAgentAsync(TestHost host, string ingressImage) =>
        (await Command.RunAsync(PathOf("deploy/fleet"), ["start-agent", host.Name], new Dictionary<string, string> { ["ORCHESTRATOR_INGRESS_IMAGE"] = ingressImage })).Expect();

    public Task KillEngineAsync(TestHost host) => DoAsync("kill-engine", host.Name);

    public Task StartEngineAsync(TestHost host) => DoAsync("start-engine", host.Name);

    /// <summary>A power cut: engine, agent and containers end at once; the disk stays.</summary>
    public Task KillHostAsync(TestHost host) => DoAsync("kill-host", host.Name);

    public Task StartHostAsync(TestHost host) => DoAsync("start-host", host.Name);

    public Task KillCoordinatorAsync() => DoAsync("kill-coordinator");

    public Task StartCoordinatorAsync() => DoAsync("start-coordinator");

    /// <summary>Repairs whatever a scenario has broken: links up, engines, coordinator and agents running.</summary>
    public Task RepairAsync() => InitializeAsync();

    private static async Task DoAsync(params string[] arguments) => (await FleetAsync(null, arguments)).Expect();

    private static Task<CommandResult> FleetAsync(TimeSpan? timeout, params string[] arguments) =>
        Command.RunAsync(PathOf("deploy/fleet"), arguments, timeout: timeout);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Orchestrator.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"no Orchestrator.sln above {AppContext.BaseDirectory}: these tests run from the repository's own build output");
    }
}
