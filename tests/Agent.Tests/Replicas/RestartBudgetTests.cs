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

    [Fact]
    public void Budget_that_was_used_and_left_behind_is_there_again()
    {
        var container = Begin(max: 3, window: 60);
        Crash(container, times: 3, apart: 5);
        Assert.Equal("on-failure", container.RestartPolicy.Name);

        _bench.Advance(120);
        Assert.Equal(("running", "unless-stopped"), (container.Status, container.RestartPolicy.Name));
        Crash(container, times: 1, apart: 20);

        Assert.True(container.IsRunning);
    }

    [Fact]
    public void Agent_that_restarts_gives_a_spent_budget_back_after_a_window()
    {
        var container = Begin(max: 2, window: 60);
        Crash(container, times: 2, apart: 5);
        _bench.RestartAgent();

        _bench.Advance(30);
        Assert.Equal("on-failure", container.RestartPolicy.Name);
        _bench.Advance(60);

        Assert.Equal("unless-stopped", container.RestartPolicy.Name);
    }

    [Fact]
    public void Budget_over_a_whole_life_is_never_given_back()
    {
        var container = Begin(max: 2, window: 0);
        Crash(container, times: 2, apart: 20);

        _bench.Advance(3600);

        Assert.Equal("on-failure", container.RestartPolicy.Name);
    }

    [Fact]
    public void Start_by_hand_counts_from_0_again()
    {
        var container = Begin(max: 2, window: 3600);
        Crash(container, times: 1, apart: 20);
        RestartByHand(container);
        _bench.Advance(20);

        Crash(container, times: 6, apart: 20);

        Assert.Equal(("exited", 1), (container.Status, container.RestartCount));
    }

    [Theory]
    [InlineData("unless-stopped", "unless-stopped", 0)]
    [InlineData("on-failure", "on-failure", 0)]
    [InlineData("on-failure:3", "on-failure", 3)]
    public void Policy_is_read_from_its_label(string text, string name, int max) => Assert.Equal(new Engine.RestartPolicy(name, max), RestartPolicies.Parse(text));

    [Fact]
    public void Label_that_says_nothing_is_no_policy() => Assert.Null(RestartPolicies.Parse("no"));

    private void RestartByHand(FakeContainer container)
    {
        _bench.Engine.StopContainerAsync(container.Id, TimeSpan.Zero, CancellationToken.None).GetAwaiter().GetResult();
        _bench.Settle();
        _bench.Engine.StartContainerAsync(container.Id, CancellationToken.None).GetAwaiter().GetResult();
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
