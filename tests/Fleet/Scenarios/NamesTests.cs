using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>Services that call each other by name across hosts, over networks of the fleet.</summary>
public sealed class NamesTests(TestFleet fleet) : Scenario(fleet)
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-scenario");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Service_on_one_host_talks_to_one_on_another_through_updates_and_without_its_own_agent()
    {
        await DeployAsync("v1", "h2");
        var caller = (await Fleet["h1"].DockerAsync("ps", "--quiet", "--filter", $"label=orchestrator.stack={Hello}")).Expect().Trim();
        await AnswersAsync(caller, "v1");

        // Another version on another host: the caller's container stays, and the name leads to where the service is now.
        await DeployAsync("v2", "h3");
        Assert.Equal(caller, (await Fleet["h1"].DockerAsync("ps", "--quiet", "--filter", $"label=orchestrator.stack={Hello}")).Expect().Trim());
        await AnswersAsync(caller, "v2");

        // Its own host's name server is gone; that of a peer answers.
        await Fleet.KillAgentAsync(Fleet["h1"]);
        await AnswersAsync(caller, "v2");
    }

    private async Task DeployAsync(string version, string apiHost)
    {
        var file = Path.Combine(_folder.FullName, "stack.yaml");
        await File.WriteAllTextAsync(file, $$"""
            name: {{Hello}}
            services:
              api:
                image: {{TestFleet.Registry}}/hello:{{version}}
                healthcheck: { test: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"] }
                deploy:
                  placement: { constraints: ["node.hostname=={{apiHost}}"] }
                  update_config: { order: start-first, monitor: 0s }
              web:
                image: {{TestFleet.Registry}}/hello:v1
                deploy:
                  placement: { constraints: ["node.hostname==h1"] }
                  update_config: { monitor: 0s }
            """);
        (await Fleet.CliAsync("deploy", file)).Expect();
    }

    private async Task AnswersAsync(string caller, string version)
    {
        foreach (var name in new[] { "api", $"api.{Hello}", "tasks.api" })
        {
            await UntilAsync($"{name} answers with {version}", async () =>
            {
                var answer = await Fleet["h1"].DockerAsync("exec", caller, "wget", "-q", "-O", "-", $"http://{name}:8080/");
                return answer.Output.Contains(version, StringComparison.Ordinal) ? null : answer.ToString();
            });
        }
    }
}
