using Orchestrator.Agent.Replicas;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Replicas;

/// <summary><c>max_attempts</c> and <c>window</c>, where the engine alone would start a container for ever.</summary>
public sealed class RestartBudgetTests : IDisposable
{
    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(RestartCondition.Any, 0, 0, false)]
    [InlineData(RestartCondition.Any, 3, 0, true)]
    [InlineData(RestartCondition.Always, 3, 60, true)]
    [InlineData(RestartCondition.OnFailure, 3, 0, false)]
    [InlineData(RestartCondition.OnFailure, 3, 60, true)]
    [InlineData(RestartCondition.None, 3, 60, false)]
    public void Agent_counts_only_what_the_engine_cannot(RestartCondition condition, int max, int window, bool counts)
    {
        var spec = new RestartSpec { Condition = condition, MaxAttempts = max, Window = TimeSpan.FromSeconds(window) };

        Assert.Equal(counts ? new RestartBudget(max, TimeSpan.FromSeconds(window)) : null, RestartBudget.For(spec));
    }

    [Fact]
    public void Container_that_has_used_up_its_attempts_stays_down()
    {
        var container = Begin(max: 2, window: 0);

        Crash(container, times: 6, apart: 20);

        Assert.Equal(("exited", 2), (container.Status, container.RestartCount));
        Assert.Equal(ReplicaState.Exited, _bench.Known()!.State);
    }

    [Fact]
    public void Attempts_that_are_further_apart_than_the_window_are_forgotten()
    {
        var container = Begin(max: 2, window: 30);

        Crash(container, times: 6, apart: 60);

        Assert.True(container.IsRunning);
        Assert.Equal(6, container.RestartCount);
    }

    [Fact]
    public void Attempts_within_the_window_end_it()
    {
        var container = Begin(max: 2, window: 300);

        Crash(container, times: 6, apart: 20);

        Assert.Equal("exited", container.Status);
    }

    [Fact]
    public void Agent_that_restarts_knows_the_budget_from_the_labels()
    {
        var container = Begin(max: 2, window: 0);
        Crash(container, times: 1, apart: 20);
        _bench.RestartAgent();

        Crash(container, times: 5, apart: 20);

        Assert.Equal(("exited", 2), (container.Status, container.RestartCount));
        Assert.Equal(ReplicaState.Exited, _bench.Known()!.State);
    }

    private FakeContainer Begin(int max, int window) =>
        _bench.Passed(_bench.Spec(c => c with { Restart = new RestartSpec { Condition = RestartCondition.Any, MaxAttempts = max, Window = TimeSpan.FromSeconds(window) } }));

    private void Crash(FakeContainer container, int times, double apart)
    {
        for (var i = 0; i < times && container.IsRunning; i++)
        {
            _bench.Engine.EndProcess(container.Name, 1);
            _bench.Advance(apart);
        }
    }
}
