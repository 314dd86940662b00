using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>Each scenario begins with a whole fleet and no stack, whatever the one before left behind.</summary>
[Collection(FleetCollection.Name)]
public abstract class Scenario(TestFleet fleet) : IAsyncLifetime
{
    protected const string Hello = "hello";

    /// <summary>Past the down deadline of a host (15 s), a repair and its start, on a machine that is busy.</summary>
    private static readonly TimeSpan ConvergenceTimeout = TimeSpan.FromMinutes(2);

    protected TestFleet Fleet { get; } = fleet;

    protected static string HelloFile { get; } = TestFleet.PathOf("examples/hello/stack.yaml");

    public virtual async Task InitializeAsync()
    {
        await Fleet.RepairAsync();
        await UntilAsync("every host is ready", async () =>
        {
            var hosts = await Fleet.CliAsync("hosts", "ls", "--json");
            return hosts.ExitCode == 0 && hosts.Output.Split("\"ready\"").Length - 1 == TestFleet.HostCount ? null : hosts.ToString();
        });
        await Fleet.CliAsync("rm", Hello, "--yes");
    }

    public virtual async Task DisposeAsync()
    {
        await Fleet.RepairAsync();
        await Fleet.CliAsync("rm", Hello, "--yes");
    }

    protected static Dictionary<string, string> Variables(string version, int replicas = 6, int parallelism = 2, params (string Name, string Value)[] others)
    {
        var variables = new Dictionary<string, string> { ["HELLO_IMAGE"] = $"hello:{version}", ["REPLICAS"] = $"{replicas}", ["PARALLELISM"] = $"{parallelism}" };
        foreach (var (name, value) in others)
        {
            variables[name] = value;
        }
        return variables;
    }

    protected async Task<IReadOnlyList<Replica>> DeployAsync(string version, int replicas = 6)
    {
        (await Fleet.CliAsync(Variables(version, replicas), "deploy", HelloFile)).Expect();
        return await Replica.AllAsync(Fleet, Hello);
    }

    /// <summary>Exactly these replicas, all serving, each slot once, and nothing else of the stack running on any engine.</summary>
    protected async Task AssertServesAsync(string version, int replicas)
    {
        await UntilAsync($"{replicas} replicas of {version} serve", async () =>
        {
            var rows = await Replica.AllAsync(Fleet, Hello);
            return rows.Count == replicas && rows.All(r => r.Serves && r.Image.Contains($"hello:{version}", StringComparison.Ordinal)) && rows.Select(r => r.Slot).Distinct().Count() == replicas
                ? null
                : string.Join('\n', rows);
        });
        var running = 0;
        foreach (var host in Fleet.Hosts)
        {
            running += (await host.DockerAsync("ps", "--quiet", "--filter", $"label=orchestrator.stack={Hello}")).Expect().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        }
        Assert.Equal(replicas, running);
    }

    /// <summary>Asks until there is no complaint; each question takes its time, so nothing sleeps.</summary>
    protected static async Task UntilAsync(string wanted, Func<Task<string?>> complaint)
    {
        using var limit = new CancellationTokenSource(ConvergenceTimeout);
        while (await complaint() is { } wrong)
        {
            Assert.False(limit.IsCancellationRequested, $"after {ConvergenceTimeout.TotalSeconds:0} s still not: {wanted}\n{wrong}");
        }
    }

    /// <summary>Waits until a command has said something, or ended without.</summary>
    protected static async Task SaidAsync(Command command, string text)
    {
        var ended = command.EndAsync();
        while (!command.Seen.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(ended.IsCompleted, $"it ended without saying '{text}':\n{command.Seen}");
            await Task.Yield();
        }
    }
}
