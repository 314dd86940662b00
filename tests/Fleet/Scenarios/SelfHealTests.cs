using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>What somebody breaks by hand between deploys is brought back; what an atomic deploy breaks goes back whole.</summary>
public sealed class SelfHealTests(TestFleet fleet) : Scenario(fleet)
{
    [Fact]
    public async Task Removed_stopped_and_killed_containers_are_brought_back_and_the_events_say_why()
    {
        var before = await DeployAsync("v1", 3);
        foreach (var (replica, verb) in before.Zip(new[] { "rm", "stop", "kill" }))
        {
            string[] words = verb == "rm" ? ["rm", "--force", replica.ContainerId] : [verb, replica.ContainerId];
            (await Fleet[replica.Host].DockerAsync(words)).Expect();
        }

        await AssertServesAsync("v1", 3);
        var events = (await Fleet.CliAsync("events", Hello, "--json")).Expect();
        Assert.Contains("RepairBegan", events, StringComparison.Ordinal);
        Assert.Contains("missing", events, StringComparison.Ordinal);
        (await Fleet.CliAsync("explain", Hello)).Expect();
    }

    [Fact]
    public async Task Container_that_takes_the_name_of_a_removed_one_stays_and_ours_is_brought_back()
    {
        var lost = (await DeployAsync("v1", 3))[0];
        var host = Fleet[lost.Host];
        (await host.DockerAsync("rm", "--force", lost.ContainerId)).Expect();
        (await host.DockerAsync("create", "--name", lost.Container, lost.Image)).Expect();
        try
        {
            await AssertServesAsync("v1", 3);
        }
        finally
        {
            (await host.DockerAsync("rm", "--force", lost.Container)).Expect();
        }
    }

    [Fact]
    public async Task Atomic_deploy_that_fails_leaves_the_old_revision_with_its_containers()
    {
        var before = await DeployAsync("v1", 3);

        var broken = await Fleet.CliAsync(Variables("v2", 3, 1, ("FAILURE_ACTION", "pause")), "deploy", "--atomic", TestFleet.PathOf("examples/broken/exits-at-once/stack.yaml"));

        broken.Expect(3);
        await AssertServesAsync("v1", 3);
        Assert.Equal(before.Select(r => r.ContainerId).Order(), (await Replica.AllAsync(Fleet, Hello)).Select(r => r.ContainerId).Order());
    }

    [Fact]
    public async Task Atomic_first_deploy_that_fails_leaves_nothing_running()
    {
        (await Fleet.CliAsync(Variables("v2", 3, 1), "deploy", "--atomic", TestFleet.PathOf("examples/broken/exits-at-once/stack.yaml"))).Expect(3);

        foreach (var host in Fleet.Hosts)
        {
            Assert.Equal("", (await host.DockerAsync("ps", "--all", "--quiet", "--filter", $"label=orchestrator.stack={Hello}")).Expect().Trim());
        }
        Assert.Contains("there was no earlier revision", (await Fleet.CliAsync("events", Hello)).Expect(), StringComparison.Ordinal);
    }
}
