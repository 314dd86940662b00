using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

public sealed class FailureTests(TestFleet fleet) : Scenario(fleet)
{
    [Fact]
    public async Task Agent_killed_in_the_middle_of_a_rollout_loses_nothing()
    {
        await DeployAsync("v1");
        using var update = Fleet.StartCli(Variables("v2"), "deploy", HelloFile);
        await SaidAsync(update, "passed");

        await Fleet.KillAgentAsync(Fleet["h2"]);
        await Fleet.StartAgentAsync(Fleet["h2"]);

        (await update.EndAsync()).Expect();
        await AssertServesAsync("v2", 6);
    }

    [Fact]
    public async Task Coordinator_killed_in_the_middle_of_a_rollout_goes_on_where_it_was()
    {
        await DeployAsync("v1");
        using var update = Fleet.StartCli(Variables("v2"), "deploy", HelloFile);
        await SaidAsync(update, "passed");

        await Fleet.KillCoordinatorAsync();
        await Fleet.StartCoordinatorAsync();

        (await update.EndAsync()).Expect();
        await AssertServesAsync("v2", 6);
        Assert.Equal(12, (await Replica.AllAsync(Fleet, Hello, retained: true)).Count);
    }

    [Fact]
    public async Task Host_cut_off_in_the_middle_of_a_rollout_is_gone_round_and_reconciled_on_return()
    {
        await DeployAsync("v1");
        using var update = Fleet.StartCli(Variables("v2"), "deploy", HelloFile);
        await SaidAsync(update, "passed");

        await Fleet.CutAsync(Fleet["h3"]);

        var ended = await update.EndAsync();
        ended.Expect();
        Assert.Contains("h3", ended.Output + ended.Error);
        await UntilAsync("six replicas serve on the two hosts that are left", async () =>
        {
            var rows = await Replica.AllAsync(Fleet, Hello);
            return rows.Count(r => r.Serves && r.Host != "h3" && r.Image.Contains("hello:v2", StringComparison.Ordinal)) == 6 ? null : string.Join('\n', rows);
        });
        await Fleet.HealAsync(Fleet["h3"]);
        await AssertServesAsync("v2", 6);
    }

    [Fact]
    public async Task Engine_that_died_with_its_agent_up_is_taken_up_again()
    {
        await DeployAsync("v1", 3);
        await Fleet.KillEngineAsync(Fleet["h1"]);
        await Fleet.StartEngineAsync(Fleet["h1"]);

        await AssertServesAsync("v1", 3);
        (await Fleet.CliAsync(Variables("v2", 3), "deploy", HelloFile)).Expect();
        await AssertServesAsync("v2", 3);
    }
}
