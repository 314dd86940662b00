namespace Orchestrator.Fleet.Testbed;

/// <summary>That the testbed is what the scenarios take it for.</summary>
[Collection(FleetCollection.Name)]
public sealed class TestbedTests(TestFleet fleet)
{
    [Fact]
    public async Task Each_host_has_an_engine_of_its_own()
    {
        var ids = new HashSet<string>();
        foreach (var host in fleet.Hosts)
        {
            var answer = (await host.DockerAsync("info", "--format", "{{.Name}} {{.ID}}")).Expect().Trim().Split(' ', 2);
            Assert.Equal(host.Name, answer[0]);
            Assert.True(ids.Add(answer[1]), $"{host.Name} answers with the engine of another host");
        }
    }

    [Fact]
    public async Task Each_host_pulls_the_demo_images_from_the_registry()
    {
        foreach (var host in fleet.Hosts)
        {
            (await host.DockerAsync("pull", "--quiet", $"{TestFleet.Registry}/hello:v1")).Expect();
            (await host.DockerAsync("pull", "--quiet", $"{TestFleet.Registry}/hello:v2")).Expect();
        }
    }

    [Fact]
    public async Task A_cut_host_keeps_its_engine_and_loses_the_others_until_healed()
    {
        var (cut, other) = (fleet["h2"], fleet["h1"]);
        await fleet.CutAsync(cut);
        try
        {
            Assert.NotEqual(0, (await ReachAsync(other, cut)).ExitCode);
            (await cut.DockerAsync("version")).Expect();
        }
        finally
        {
            await fleet.HealAsync(cut);
        }
        (await ReachAsync(other, cut)).Expect();
    }

    private Task<CommandResult> ReachAsync(TestHost from, TestHost to) =>
        fleet.ExecAsync(from, "curl", "--silent", "--show-error", "--max-time", "3", $"http://{to.Address}:2375/_ping");
}
