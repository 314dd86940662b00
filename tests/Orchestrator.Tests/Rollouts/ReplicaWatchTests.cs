using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Rollouts;

public sealed class ReplicaWatchTests
{
    private static readonly ServiceSpec Web = World.Service("web", "app:v2");

    private readonly ReplicaWatch watch = new();
    private readonly RolloutState state;

    public ReplicaWatchTests()
    {
        var run = new RolloutRun(RolloutRun.Plan(1, new UpdateSpec { Order = UpdateOrder.StartFirst, FailureAction = FailureAction.Pause }) with
        {
            ToRevision = World.IdOf(Web),
            Strategy = new StrategyPlan(StrategyKind.BlueGreen, 1, null),
        });
        state = run.Stage(1).State;
    }

    [Theory]
    [InlineData(ReplicaState.Exited, ReplicaHealth.None, "passed its gate, but it exited while its rollout was held")]
    [InlineData(ReplicaState.Restarting, ReplicaHealth.None, "passed its gate, but it exited while its rollout was held")]
    [InlineData(ReplicaState.Running, ReplicaHealth.Unhealthy, "passed its gate, but it became unhealthy while its rollout was held")]
    [InlineData(ReplicaState.Starting, ReplicaHealth.Starting, "passed its gate, but it exited and was started again while its rollout was held")]
    public void Replica_that_served_and_does_not_any_more_has_failed(ReplicaState then, ReplicaHealth health, string message)
    {
        Assert.Empty(Examine(World.Hosts("h1").Run("h1", Web, 1)));
        Assert.Equal(message, Assert.Single(Examine(World.Hosts("h1").Run("h1", Web, 1, then, health))).Report.Message);
    }

    [Fact]
    public void Replica_that_was_restarted_between_two_looks_has_failed()
    {
        var fleet = World.Hosts("h1").Run("h1", Web, 1);
        Assert.Empty(Examine(fleet));
        var (host, name) = (fleet.Hosts["h1"], fleet.Hosts["h1"].Replicas.Keys.Single());
        var again = host with { Replicas = host.Replicas.SetItem(name, host.Replicas[name] with { RestartCount = 1 }) };
        Assert.Equal("passed its gate, but it exited and was started again while its rollout was held", Assert.Single(Examine(fleet.With(again))).Report.Message);
    }

    [Fact]
    public void Gate_that_the_host_has_not_told_of_yet_is_waited_for()
    {
        Assert.Empty(Examine(World.Hosts("h1").Run("h1", Web, 1, ReplicaState.Starting, ReplicaHealth.Starting)));
        Assert.Empty(Examine(World.Hosts("h1")));
        Assert.Equal("passed its gate, but its container is gone while its rollout was held", Assert.Single(watch.Examine(state, World.Stack, World.Hosts("h1"), World.Start + ReplicaWatch.Patience)).Report.Message);
    }

    [Fact]
    public void Host_that_does_not_answer_says_nothing_about_its_replicas() =>
        Assert.Empty(Examine(World.Hosts("h1").Run("h1", Web, 1, ReplicaState.Exited).In("h1", HostState.Disconnected)));

    [Fact]
    public void Agent_without_its_engine_does_not_know_that_a_container_is_gone()
    {
        Assert.Empty(Examine(World.Hosts("h1").Run("h1", Web, 1)));
        var host = World.Host("h1");
        Assert.Empty(Examine(World.Hosts().With(host with { Facts = host.Facts! with { EngineError = "no socket" } })));
        Assert.Single(Examine(World.Hosts("h1")));
    }

    [Fact]
    public void Replicas_of_a_rollout_that_is_not_held_are_not_watched()
    {
        var canary = new RolloutRun(RolloutRun.Plan(2, new UpdateSpec { Order = UpdateOrder.StartFirst }) with { ToRevision = World.IdOf(Web), Strategy = new StrategyPlan(StrategyKind.Canary, 1, null) });
        var dead = World.Hosts("h1", "h2").Run("h1", Web, 1, ReplicaState.Exited);
        Assert.Empty(watch.Examine(canary.Pass(1).State, World.Stack, dead, World.Start));
        Assert.Equal(1, Assert.Single(watch.Examine(canary.Published(1).State, World.Stack, dead, World.Start)).Slot);
        Assert.Empty(watch.Examine(canary.Promote().State, World.Stack, dead, World.Start));
    }

    [Theory]
    [InlineData(HostState.Unknown, false)]
    [InlineData(HostState.Ready, true)]
    [InlineData(HostState.Disconnected, true)]
    [InlineData(HostState.Down, true)]
    public void Batch_waits_for_a_host_that_has_not_been_heard_of_and_for_none_that_is_away(HostState host, bool isKnown)
    {
        var rolling = new RolloutRun(RolloutRun.Plan(2, new UpdateSpec { Order = UpdateOrder.StartFirst, Parallelism = 1 }) with { ToRevision = World.IdOf(Web) }).Serve(1).Gone(1).State;
        Assert.Null(watch.BeforeBatch(rolling, World.Stack, World.Hosts("h1", "h2").Run("h1", Web, 1).In("h1", host), World.Start, out var known));
        Assert.Equal(isKnown, known);
    }

    private IReadOnlyList<RolloutEvent.ReplicaFailed> Examine(FleetSnapshot fleet) => watch.Examine(state, World.Stack, fleet, World.Start);
}
