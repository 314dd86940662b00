using Orchestrator.Fleet.Testbed;
using Orchestrator.Load.Generating;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>Six replicas behind the ingresses of three hosts, and a load on two of those: what its clients notice.</summary>
public abstract class TrafficScenario(TestFleet fleet) : Scenario(fleet)
{
    protected const string Traffic = "traffic";
    protected const int Replicas = 6;

    /// <summary>Requests after which connections are open, code is compiled and the load is steady.</summary>
    private const int SteadyRequests = 1000;

    /// <summary>The slowest thing waited for is a ten-second answer on a machine that is busy.</summary>
    private static readonly TimeSpan LoadTimeout = TimeSpan.FromMinutes(1);

    /// <summary>In which of 550 requests a second not one is answered: on a machine that also builds, less than a tenth of this was seen.</summary>
    private const double GapMsMax = 3000;

    protected static string StackFile { get; } = TestFleet.PathOf("bench/traffic-stack.yaml");

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        (await Command.RunAsync(
            TestFleet.PathOf("bench/image"),
            ["--push"],
            new Dictionary<string, string> { ["DOCKER_HOST"] = Fleet["h1"].Engine, ["REGISTRY"] = TestFleet.Registry })).Expect();
        await Fleet.CliAsync("rm", Traffic, "--yes");
        await DeployTrafficAsync("v1");
        await UntilAsync("both ingresses answer", async () =>
        {
            foreach (var host in (string[])["h1", "h2"])
            {
                var answer = await Command.RunAsync("curl", ["--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "2", Ingress(host)]);
                if (answer.ExitCode != 0)
                    return answer.ToString();
            }
            return null;
        });
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Fleet.CliAsync("rm", Traffic, "--yes");
    }

    protected static string Ingress(string host) => $"http://10.77.0.{host[1..]}:8080";

    protected static Dictionary<string, string> TrafficVariables(string version, string order = "start-first") => new()
    {
        ["LOAD_IMAGE"] = $"load:{version}",
        ["ORDER"] = order,
        ["REPLICAS"] = $"{Replicas}",
    };

    protected async Task DeployTrafficAsync(string version, string order = "start-first") =>
        (await Fleet.CliAsync(TrafficVariables(version, order), "deploy", StackFile)).Expect();

    protected Command StartDeploy(string version) => Fleet.StartCli(TrafficVariables(version), "deploy", StackFile);

    /// <summary>550 requests a second, ten-second answers and WebSockets, on the ingresses of h1 and h2.</summary>
    protected static async Task<LoadRun> StartLoadAsync()
    {
        var run = LoadRun.Start(
            new LoadOptions { Targets = [Target.Parse(Ingress("h1")), Target.Parse(Ingress("h2"))], Rate = 500, Connections = 16, ShortRate = 50, ShortConnections = 16, Streams = 6, WebSockets = 6 },
            TimeProvider.System);
        await LoadedAsync(run, r => r.Total.Requests > SteadyRequests);
        return run;
    }

    protected static async Task<LoadReport> LoadedAsync(LoadRun run, Func<LoadReport, bool> wanted)
    {
        using var limit = new CancellationTokenSource(LoadTimeout);
        try
        {
            return await run.WhenAsync(wanted, limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            var now = run.Peek();
            throw new TimeoutException($"after {LoadTimeout.TotalSeconds:0} s the load is not where it should be: {now}\n{string.Join('\n', now.FirstFailures)}");
        }
    }

    /// <summary>The load goes on for <paramref name="time"/>, whatever happens to it.</summary>
    protected static Task LoadedForAsync(LoadRun run, TimeSpan time)
    {
        var until = run.Peek().Seconds + time.TotalSeconds;
        return LoadedAsync(run, r => r.Seconds >= until);
    }

    /// <summary>Old replicas have drained and ended: only the new ones run.</summary>
    protected Task UntilOnlyAsync(string version, int replicas = Replicas) => UntilAsync($"{replicas} replicas of {version} run and nothing else", async () =>
    {
        var images = new List<string>();
        foreach (var host in Fleet.Hosts)
        {
            var rows = (await host.DockerAsync("ps", "--filter", $"label=orchestrator.stack={Traffic}", "--format", "{{.Label \"orchestrator.slot\"}} {{.ID}}")).Expect();
            images.AddRange(rows.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        var serving = await Replica.AllAsync(Fleet, Traffic);
        return images.Count == replicas && serving.Count(r => r.Serves && r.Image.Contains($"load:{version}", StringComparison.Ordinal)) == replicas
            ? null
            : $"{string.Join('\n', serving)}\nrunning: {string.Join(", ", images)}";
    });

    protected static void AssertNoneFailed(LoadReport report)
    {
        Assert.True(report.Total.Failures == 0, $"{report.Total.Failures} of {report.Total.Requests} requests failed:\n{string.Join('\n', report.FirstFailures)}");

        // The machine that makes the load also runs the hosts: what it had no time to send is no failure, but a load there must be.
        Assert.True(report.Skipped <= report.Total.Requests / 2, $"{report.Skipped} requests were not sent for lack of time beside {report.Total.Requests} that were");
        Assert.True(report.Total.LongestGapMs < GapMsMax, $"for {report.Total.LongestGapMs} ms not one request was answered");

        // A load that sends nothing fails nothing.
        Assert.All(report.Kinds, kind => Assert.True(kind.Requests > 0, $"no request of kind {kind.Name} was made"));
    }
}
