using Orchestrator.Api;

namespace Orchestrator.Simulation.Scenarios;

public sealed class RolloutTests : Scenario
{
    [Fact]
    public void Update_is_done_and_at_rest_everything_is_as_it_is_wanted()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Deploy(Shop(Web("v2")));
        Rest();
        Assert.Equal(3, World.Hosts.Sum(host => host.Of("shop").Count(c => c.IsRunning && c.Request.Image.Contains(":v2", StringComparison.Ordinal))));
    }

    [Fact]
    public void Bad_version_pauses()
    {
        Begin();
        Deploy(Shop(Web("v1")));
        Deploy(Shop(Web("exits")), ChangeOutcome.Paused);
    }
}
