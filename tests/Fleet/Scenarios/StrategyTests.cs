using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>Canary and blue-green under load.</summary>
public sealed class StrategyTests(TestFleet fleet) : TrafficScenario(fleet)
{
    private readonly string folder = Directory.CreateTempSubdirectory("orchestrator-strategy").FullName;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Canary_is_held_and_then_followed_by_the_rest_without_a_failed_request()
    {
        await using var load = await StartLoadAsync();

        var deploy = await DeployAsync("v2", "{type: canary, replicas: 1, hold: 5s}");
        deploy.Expect();
        Assert.Contains("web: canary of 1 of 6 is up; held for 5s, or until `orchestrator promote traffic`", deploy.ToString(), StringComparison.Ordinal);
        Assert.Contains("web: promoted, its hold is over", deploy.ToString(), StringComparison.Ordinal);
        await UntilOnlyAsync("v2");

        var report = await load.StopAsync();
        AssertNoneFailed(report);
        Assert.True(report.Versions["v2"] > 0, "no request was answered by the new version");
    }

    [Fact]
    public async Task Canary_that_is_promoted_by_hand_in_its_hold_fails_no_request()
    {
        await using var load = await StartLoadAsync();

        using var deploy = await StartDeployAsync("v2", "{type: canary, replicas: 1, hold: 10m}");
        await SaidAsync(deploy, "web: canary of 1 of 6 is up; held for 10m");
        await LoadedForAsync(load, TimeSpan.FromSeconds(3));
        var held = load.Peek().Versions;
        Assert.True(held["v2"] > 0 && held["v2"] < held["v1"], $"the canary has answered {held["v2"]} requests beside {held["v1"]} of the others");
        (await Fleet.CliAsync("promote", Traffic)).Expect();
        (await deploy.EndAsync()).Expect();
        await UntilOnlyAsync("v2");
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));

        AssertNoneFailed(await load.StopAsync());
    }

    [Fact]
    public async Task Blue_green_that_is_aborted_while_it_is_held_is_noticed_by_nobody()
    {
        await using var load = await StartLoadAsync();

        (await DeployAsync("v2", "{type: blue-green, promote: manual}")).Expect();
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));
        (await Fleet.CliAsync("abort", Traffic)).Expect();
        await UntilOnlyAsync("v1");
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));

        var report = await load.StopAsync();
        AssertNoneFailed(report);
        Assert.False(report.Versions.ContainsKey("v2"), "what was staged answered a request");
    }

    [Fact]
    public async Task Blue_green_that_is_superseded_as_it_is_switched_fails_no_request()
    {
        await using var load = await StartLoadAsync();

        (await DeployAsync("v2", "{type: blue-green, promote: manual}")).Expect();
        using var promote = Fleet.StartCli(null, "promote", Traffic);
        await SaidAsync(promote, "promoted");
        await DeployTrafficAsync("v1");
        await UntilOnlyAsync("v1");
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));

        AssertNoneFailed(await load.StopAsync());
    }

    [Fact]
    public async Task Blue_green_is_held_over_a_restart_and_switched_at_once_without_a_failed_request()
    {
        await using var load = await StartLoadAsync();

        var deploy = await DeployAsync("v2", "{type: blue-green, promote: manual}");
        deploy.Expect();
        Assert.Contains("6 new replicas are up beside the old ones, out of the traffic; held until `orchestrator promote traffic`", deploy.ToString(), StringComparison.Ordinal);
        await Fleet.KillCoordinatorAsync();
        await Fleet.StartCoordinatorAsync();
        await UntilAsync("the change is held", async () =>
        {
            var list = await Fleet.CliAsync("ls", "--json");
            return list.ToString().Contains("\"held\"", StringComparison.Ordinal) ? null : list.ToString();
        });
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));
        Assert.False(load.Peek().Versions.ContainsKey("v2"), "what is staged answered a request");

        (await Fleet.CliAsync("promote", Traffic)).Expect();
        await UntilOnlyAsync("v2");
        var switched = load.Peek().Versions["v1"];
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));

        var report = await load.StopAsync();
        AssertNoneFailed(report);
        Assert.True(report.Versions["v2"] > 0, "no request was answered by the new version");
        Assert.Equal(switched, report.Versions["v1"]);
    }

    [Fact]
    public async Task Staged_replica_that_is_killed_takes_the_new_ones_away_and_nobody_notices()
    {
        await using var load = await StartLoadAsync();

        (await DeployAsync("v2", "{type: blue-green, promote: manual}")).Expect();
        var staged = (await Replica.AllAsync(Fleet, Traffic)).First(r => r.Image.Contains("load:v2", StringComparison.Ordinal));
        (await Fleet[staged.Host].DockerAsync("kill", staged.ContainerId)).Expect();
        await UntilOnlyAsync("v1");

        var report = await load.StopAsync();
        AssertNoneFailed(report);
        Assert.False(report.Versions.ContainsKey("v2"), "what was staged answered a request");
    }

    private async Task<CommandResult> DeployAsync(string version, string strategy)
    {
        using var deploy = await StartDeployAsync(version, strategy);
        return await deploy.EndAsync();
    }

    private async Task<Command> StartDeployAsync(string version, string strategy)
    {
        var file = Path.Combine(folder, "strategy.yaml");
        await File.WriteAllTextAsync(file, $"services: {{web: {{x-orchestrator: {{strategy: {strategy}}}}}}}\n");
        return Fleet.StartCli(TrafficVariables(version), "deploy", "--file", StackFile, "--file", file);
    }
}
