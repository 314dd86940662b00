using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

public sealed class RollingUpdateTests(TestFleet fleet) : Scenario(fleet)
{
    [Fact]
    public async Task Six_replicas_roll_over_three_hosts_without_ever_being_fewer()
    {
        var before = await DeployAsync("v1");
        Assert.Equal(6, before.Count);
        var since = TimeProvider.System.GetUtcNow();

        var update = await Fleet.CliAsync(Variables("v2"), "deploy", HelloFile);

        update.Expect();
        var until = TimeProvider.System.GetUtcNow();
        await AssertServesAsync("v2", 6);
        var after = await Replica.AllAsync(Fleet, Hello);
        Assert.Equal(["h1:2", "h2:2", "h3:2"], after.GroupBy(r => r.Host).OrderBy(g => g.Key).Select(g => $"{g.Key}:{g.Count()}"));
        Assert.Equal(6, await ServingHistory.FewestAsync(Fleet, Hello, before, since, until));
    }

    [Fact]
    public async Task Same_file_again_changes_nothing()
    {
        var before = await DeployAsync("v1", 3);

        var again = await Fleet.CliAsync(Variables("v1", 3), "deploy", HelloFile);

        Assert.Contains("nothing to do", again.Expect() + again.Error);
        Assert.Equal(before.Select(r => r.ContainerId), (await Replica.AllAsync(Fleet, Hello)).Select(r => r.ContainerId));
    }

    [Fact]
    public async Task Default_interval_of_thirty_seconds_is_not_waited_for()
    {
        (await Fleet.CliAsync(Variables("v1", 3, 3), "deploy", HelloFile, "--timeout", "25s")).Expect();
    }

    [Fact]
    public async Task Changed_environment_replaces_only_that_service()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-scenario");
        try
        {
            var file = Path.Combine(folder.FullName, "stack.yaml");
            async Task DeployWith(string greeting)
            {
                await File.WriteAllTextAsync(file, $$"""
                    name: {{Hello}}
                    services:
                      web:
                        image: {{TestFleet.Registry}}/hello:v1
                        environment: { GREETING: "{{greeting}}" }
                        depends_on: [back]
                        deploy: { replicas: 2, update_config: { monitor: 0s, order: start-first } }
                      back:
                        image: {{TestFleet.Registry}}/hello:v1
                        deploy: { replicas: 2, update_config: { monitor: 0s } }
                    """);
                (await Fleet.CliAsync("deploy", file)).Expect();
            }
            await DeployWith("one");
            var before = await Replica.AllAsync(Fleet, Hello);

            await DeployWith("two");

            var after = await Replica.AllAsync(Fleet, Hello);
            string[] Ids(IReadOnlyList<Replica> rows, string service) => [.. rows.Where(r => r.Service == service).Select(r => r.ContainerId)];
            Assert.Equal(Ids(before, "back"), Ids(after, "back"));
            Assert.Equal(2, Ids(after, "web").Length);
            Assert.Empty(Ids(before, "web").Intersect(Ids(after, "web")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Scale_rollback_history_logs_and_removal_do_as_they_say()
    {
        await DeployAsync("v1", 2);
        await DeployAsync("v2", 2);

        (await Fleet.CliAsync("scale", Hello, "web=4")).Expect();
        await AssertServesAsync("v2", 4);
        (await Fleet.CliAsync("scale", Hello, "web=1")).Expect();
        await AssertServesAsync("v2", 1);
        (await Fleet.CliAsync("rollback", Hello, "--to", "1")).Expect();
        await AssertServesAsync("v1", 2);
        Assert.Contains("\"current\"", (await Fleet.CliAsync("history", Hello, "--json")).Expect());
        Assert.Contains("hello v1 listens", (await Fleet.CliAsync("logs", Hello, "--tail", "5")).Expect());

        (await Fleet.CliAsync("rm", Hello, "--yes")).Expect();
        foreach (var host in Fleet.Hosts)
        {
            Assert.Equal("", (await host.DockerAsync("ps", "--all", "--quiet", "--filter", $"label=orchestrator.stack={Hello}")).Expect().Trim());
        }
        Assert.Equal(2, (await Fleet.CliAsync("ps", Hello)).ExitCode);
    }
}
