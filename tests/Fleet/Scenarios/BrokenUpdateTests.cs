using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

public sealed class BrokenUpdateTests(TestFleet fleet) : Scenario(fleet)
{
    [Theory]
    [InlineData("exits-at-once", "cannot reach the database at db.internal:5432")]
    [InlineData("never-healthy", "404 Not Found")]
    [InlineData("image-missing", "no-such-tag")]
    [InlineData("bad-command", "/bin/no-such-program")]
    public async Task Broken_update_is_rolled_back_with_its_cause_on_the_screen(string variant, string cause)
    {
        var before = await DeployAsync("v1", 3);

        var broken = await Fleet.CliAsync(Variables("v2", 3, 1), "deploy", TestFleet.PathOf($"examples/broken/{variant}/stack.yaml"));

        broken.Expect(3);
        Assert.Contains(cause, broken.Output + broken.Error);
        await AssertServesAsync("v1", 3);
        Assert.Equal(before.Select(r => r.ContainerId).Order(), (await Replica.AllAsync(Fleet, Hello)).Select(r => r.ContainerId).Order());
    }

    [Fact]
    public async Task Paused_update_can_be_resumed_and_rolled_back()
    {
        await DeployAsync("v1", 3);
        var paused = await Fleet.CliAsync(Variables("v2", 3, 1, ("FAILURE_ACTION", "pause")), "deploy", TestFleet.PathOf("examples/broken/exits-at-once/stack.yaml"));
        paused.Expect(1);
        Assert.Contains("resume", paused.Output + paused.Error);

        // The cause is still there, so it pauses again: the failed replica was tried once more.
        (await Fleet.CliAsync("resume", Hello)).Expect(1);
        (await Fleet.CliAsync("rollback", Hello)).Expect();

        await AssertServesAsync("v1", 3);
    }
}
