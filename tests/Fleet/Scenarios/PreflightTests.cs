using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>What is refused before anything is changed, and plans that are carried out later.</summary>
public sealed class PreflightTests(TestFleet fleet) : Scenario(fleet)
{
    private const string Port = "18085";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-scenario");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Port_of_a_foreign_process_and_a_missing_network_are_refused_together_and_nothing_changes()
    {
        var file = Path.Combine(_folder.FullName, "stack.yaml");
        await File.WriteAllTextAsync(file, $$"""
            name: {{Hello}}
            services:
              web:
                image: {{TestFleet.Registry}}/hello:v1
                ports: [{ target: 8080, published: {{Port}}, mode: host }]
                networks: [proxy]
                deploy: { mode: global }
            networks:
              proxy: { external: true, name: orchestrator-test-proxy }
            """);
        using var foreign = Command.Start(TestFleet.PathOf("deploy/fleet"), ["exec", "h2", "busybox", "nc", "-l", "-p", Port]);
        await UntilAsync($"somebody listens on port {Port} of h2", async () =>
        {
            var sockets = await Fleet.ExecAsync(Fleet["h2"], "ss", "-ltnH", $"sport = :{Port}");
            return sockets.Output.Contains(Port, StringComparison.Ordinal) ? null : sockets.ToString();
        });

        foreach (var command in new[] { "plan", "deploy" })
        {
            var refused = await Fleet.CliAsync(command, file);

            refused.Expect(2);
            Assert.Contains($"service web on h2: port {Port}/tcp is not free: another program listens there (", refused.Error);
            Assert.Contains("service web on h1, h2, h3: external network orchestrator-test-proxy does not exist", refused.Error);
        }

        Assert.Equal(2, (await Fleet.CliAsync("ps", Hello)).ExitCode);
        foreach (var host in Fleet.Hosts)
        {
            Assert.Empty((await host.DockerAsync("ps", "--all", "--quiet", "--filter", $"label=orchestrator.stack={Hello}")).Expect().Trim());
        }
    }

    [Fact]
    public async Task Host_that_does_not_answer_is_refused_by_name_gone_round_on_request_and_put_right_on_return()
    {
        await DeployAsync("v1");
        await Fleet.KillAgentAsync(Fleet["h2"]);
        await UntilAsync("h2 is seen to be away", async () =>
        {
            var hosts = await Fleet.CliAsync("hosts", "ls", "--json");
            return hosts.Output.Split("\"ready\"").Length - 1 < TestFleet.HostCount ? null : hosts.ToString();
        });

        var refused = await Fleet.CliAsync(Variables("v2"), "deploy", HelloFile);
        refused.Expect(5);
        Assert.Contains("host h2 is", refused.Error);
        Assert.Contains("--skip-unreachable", refused.Error);
        (await Fleet.CliAsync(Variables("v2"), "deploy", HelloFile, "--skip-unreachable")).Expect();
        Assert.Equal(6, (await Replica.AllAsync(Fleet, Hello)).Count(r => r.Serves && r.Host != "h2" && r.Image.Contains("hello:v2", StringComparison.Ordinal)));

        await Fleet.StartAgentAsync(Fleet["h2"]);
        await AssertServesAsync("v2", 6);
    }

    [Fact]
    public async Task Plan_is_carried_out_as_written_and_refused_once_the_fleet_has_moved()
    {
        var (first, second) = (Path.Combine(_folder.FullName, "first.json"), Path.Combine(_folder.FullName, "second.json"));
        (await Fleet.CliAsync(Variables("v1", 3), "plan", HelloFile, "--out", first)).Expect();
        (await Fleet.CliAsync(Variables("v1", 3), "plan", HelloFile, "--out", second)).Expect();
        Assert.Equal(await File.ReadAllBytesAsync(first), await File.ReadAllBytesAsync(second));

        (await Fleet.CliAsync("apply", first)).Expect();
        await AssertServesAsync("v1", 3);

        (await Fleet.CliAsync(Variables("v2", 3), "plan", HelloFile, "--out", second)).Expect();
        (await Fleet.CliAsync("scale", Hello, "web=4")).Expect();
        var refused = await Fleet.CliAsync("apply", second);
        refused.Expect(1);
        Assert.Contains("the stack is at revision 2, and was at revision 1", refused.Error);
        Assert.Contains("replica web.4", refused.Error);
        await AssertServesAsync("v1", 4);

        var diff = (await Fleet.CliAsync(Variables("v2", 4), "diff", HelloFile)).Expect();
        Assert.Contains($"image: {TestFleet.Registry}/hello:v1 → {TestFleet.Registry}/hello:v2", diff);
    }
}
