using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>Without a fleet: h1's engine is the machine's own, and nobody else's meanwhile.</summary>
public sealed class LocalEngineTests(TestFleet fleet) : Scenario(fleet)
{
    private const string Stack = "alone";

    private readonly string folder = Directory.CreateTempSubdirectory("orchestrator-local").FullName;

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Fleet.KillAgentAsync(Fleet["h1"]);
    }

    public override async Task DisposeAsync()
    {
        await CliAsync("v1", "rm", Stack, "--yes");
        Directory.Delete(folder, recursive: true);
        await base.DisposeAsync();
    }

    [Theory]
    [InlineData("type: blue-green", "v1 v1 v1 v2 v2 v2")]
    [InlineData("type: canary, replicas: 1", "v1 v1 v2")]
    public async Task What_one_command_leaves_held_another_promotes(string strategy, string held)
    {
        var file = Path.Combine(folder, "stack.yaml");
        await File.WriteAllTextAsync(file, $$"""
            name: {{Stack}}
            services:
              web:
                image: {{TestFleet.Registry}}/hello:${VERSION}
                deploy:
                  replicas: 3
                  update_config: { parallelism: 0, order: start-first, monitor: 0s }
                x-orchestrator:
                  strategy: { {{strategy}}, promote: manual }
            """);
        (await CliAsync("v1", "deploy", file)).Expect();

        var deploy = await CliAsync("v2", "deploy", file);
        deploy.Expect();
        Assert.Contains($"held until `orchestrator promote {Stack}`", deploy.ToString(), StringComparison.Ordinal);
        Assert.Equal(held, await RunningAsync());

        (await CliAsync("v2", "promote", Stack)).Expect();
        Assert.Equal("v2 v2 v2", await RunningAsync());
        Assert.Equal(1, (await CliAsync("v2", "promote", Stack)).ExitCode);
    }

    private Task<CommandResult> CliAsync(string version, params string[] arguments) => Command.RunAsync(
        TestFleet.PathOf("dist/orchestrator"),
        ["--context", "local", .. arguments],
        new Dictionary<string, string> { ["DOCKER_HOST"] = Fleet["h1"].Engine, ["XDG_DATA_HOME"] = folder, ["VERSION"] = version });

    /// <summary>The versions that run, in order.</summary>
    private async Task<string> RunningAsync()
    {
        var ids = (await Fleet["h1"].DockerAsync("ps", "--quiet", "--filter", $"label=orchestrator.stack={Stack}")).Expect().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var images = (await Fleet["h1"].DockerAsync(["inspect", "--format", "{{.Config.Image}}", .. ids])).Expect();
        var versions = images.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(image => image.Contains("hello:v2", StringComparison.Ordinal) ? "v2" : "v1");
        return string.Join(' ', versions.Order(StringComparer.Ordinal));
    }
}
