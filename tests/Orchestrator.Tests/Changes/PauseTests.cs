using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>A person holds a change, and somebody goes on with it, goes back, or ends it.</summary>
public sealed class PauseTests : IDisposable
{
    private readonly StackBench bench = new("h1", "h2");

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Paused_change_finishes_what_is_in_flight_and_begins_nothing_new()
    {
        var deploy = BeginUpdate();

        var paused = bench.Ask(new ChangeRequest.Pause { Stack = World.Stack, By = "alice" });
        Assert.Empty(deploy.OfType<StackMessage.Followed>().Select(f => f.Event).OfType<ChangeEvent.Ended>());
        Finish("web", 1);

        var end = End(deploy);
        Assert.Equal(ChangeOutcome.Paused, end.Outcome);
        Assert.Contains("paused by alice", end.Message, StringComparison.Ordinal);
        Assert.Equal(ChangeOutcome.Paused, End(paused).Outcome);
        Assert.Equal("web.1=app:v2 web.2=app:v1", bench.Running);
        Assert.Equal(RevisionState.Paused, bench.State.Revisions[0].State);
    }

    [Fact]
    public void Resume_goes_on_to_the_end()
    {
        BeginUpdate();
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish("web", 1);
        bench.Hang(_ => false);

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Resume { Stack = World.Stack })).Outcome);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Theory]
    [InlineData(StrategyKind.Canary)]
    [InlineData(StrategyKind.BlueGreen)]
    public void Held_change_that_was_paused_is_held_again_by_resume_and_can_be_promoted(StrategyKind kind)
    {
        bench.Deploy(Spec(Service("web", "app:v1", replicas: 2)));
        Assert.Equal(ChangeOutcome.Held, End(bench.Deploy(Spec(Manual(Service("web", "app:v2", replicas: 2), kind)))).Outcome);
        Assert.Equal(ChangeOutcome.Paused, End(bench.Ask(new ChangeRequest.Pause { Stack = World.Stack })).Outcome);

        Assert.Equal(ChangeOutcome.Held, End(bench.Ask(new ChangeRequest.Resume { Stack = World.Stack })).Outcome);
        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Theory]
    [InlineData(StrategyKind.Canary, StrategyKind.BlueGreen)]
    [InlineData(StrategyKind.BlueGreen, StrategyKind.Canary)]
    [InlineData(StrategyKind.BlueGreen, StrategyKind.BlueGreen)]
    public void Two_held_services_that_were_paused_are_both_held_again_by_resume(StrategyKind api, StrategyKind web)
    {
        BeginHeld(api, web);
        var paused = End(bench.Ask(new ChangeRequest.Pause { Stack = World.Stack, By = "alice" }));
        Assert.Equal((ChangeOutcome.Paused, RevisionState.Paused), (paused.Outcome, bench.State.Revisions[0].State));
        var before = bench.Events.Count(e => e.Kind == StackEventKind.ChangePaused);

        var held = End(bench.Ask(new ChangeRequest.Resume { Stack = World.Stack }));

        Assert.Equal(ChangeOutcome.Held, held.Outcome);
        Assert.Contains("api: ", held.Message, StringComparison.Ordinal);
        Assert.Contains("web: ", held.Message, StringComparison.Ordinal);
        Assert.Equal((RevisionState.Running, null), (bench.State.Revisions[0].State, bench.State.Revisions[0].Detail));
        Assert.Equal(before, bench.Events.Count(e => e.Kind == StackEventKind.ChangePaused));
        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("api.1=api:v2 api.2=api:v2 web.1=web:v2 web.2=web:v2", bench.Running);
    }

    [Fact]
    public void Canary_that_has_gone_back_is_not_hidden_by_what_is_still_held()
    {
        bench.Deploy(Spec(Back(Service("api", "api:v1", replicas: 2)), Back(Service("web", "web:v1", replicas: 2))));
        bench.Deploy(Spec(Back(Manual(Service("api", "api:v2", replicas: 2), StrategyKind.BlueGreen)), Back(Manual(Service("web", "web:v2", replicas: 2), StrategyKind.Canary))));
        bench.Hosts.Values.Single(h => h.Replicas.Any(r => r.Image.StartsWith("web:v2", StringComparison.Ordinal))).Change("web", 1, r => r.Image.StartsWith("web:v2", StringComparison.Ordinal) ? r with { State = ReplicaState.Exited, ExitCode = 1 } : r);
        bench.Settle();

        Assert.StartsWith("api: ", bench.State.Detail, StringComparison.Ordinal);
        Assert.Contains("; web was rolled back (", bench.State.Detail, StringComparison.Ordinal);

        static ServiceSpec Back(ServiceSpec service) => service with { Deploy = service.Deploy with { Update = service.Deploy.Update with { FailureAction = FailureAction.Rollback } } };
    }

    [Fact]
    public void Promotion_beside_a_paused_service_goes_on_until_that_alone_is_left()
    {
        bench.FailImage("web:v2");
        BeginHeld(StrategyKind.BlueGreen, StrategyKind.BlueGreen);
        Assert.Equal(RevisionState.Paused, bench.State.Revisions[0].State);
        bench["h1"].IsMute = bench["h2"].IsMute = command => command is AgentCommand.StopReplica;

        var promoted = bench.Ask(new ChangeRequest.Promote { Stack = World.Stack, Service = "api" });
        Assert.Equal(RevisionState.Running, bench.State.Revisions[0].State);
        bench["h1"].Speak();
        bench["h2"].Speak();
        bench.Settle();

        Assert.Equal(ChangeOutcome.Paused, End(promoted).Outcome);
        Assert.Equal(RevisionState.Paused, bench.State.Revisions[0].State);
    }

    [Fact]
    public void Resume_that_finds_a_new_replica_dead_says_that_the_change_has_paused_again()
    {
        BeginUpdate();
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish("web", 1);
        bench.Hosts.Values.Single(h => h.Replicas.Any(r => r.Key.Slot == 1 && r.State == ReplicaState.Running)).Change("web", 1, r => r with { State = ReplicaState.Exited, ExitCode = 1 });
        bench.Settle();

        Assert.Contains("1 of 2 replicas failed", End(bench.Ask(new ChangeRequest.Resume { Stack = World.Stack })).Message, StringComparison.Ordinal);
        Assert.Equal(RevisionState.Paused, bench.State.Revisions[0].State);
    }

    [Fact]
    public void Services_that_have_not_begun_are_held_too_over_a_restart_of_the_coordinator()
    {
        bench.Hang(k => k.Service == "db");
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1", after: "db")));
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack, By = "alice" });
        bench.Hang(_ => false);
        Finish("db", 1);
        Assert.Equal("db.1=db:v1", bench.Running);

        bench.CrashAndRestart();
        bench.Advance(30);
        Assert.Equal("db.1=db:v1", bench.Running);
        Assert.Contains("paused by alice", End(bench.Ask(new ChangeRequest.Watch { Stack = World.Stack })).Message, StringComparison.Ordinal);

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Resume { Stack = World.Stack })).Outcome);
        Assert.Equal("db.1=db:v1 web.1=web:v1", bench.Running);
    }

    [Fact]
    public void Paused_change_can_be_rolled_back()
    {
        BeginUpdate();
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish("web", 1);
        bench.Hang(_ => false);

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack, ToRevision = 1 })).Outcome);
        Assert.Equal("web.1=app:v1 web.2=app:v1", bench.Running);
    }

    [Fact]
    public void Change_that_is_paused_between_two_services_can_be_aborted()
    {
        bench.Hang(k => k.Service == "db");
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1", after: "db")));
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish("db", 1);

        Assert.Equal(ChangeOutcome.Aborted, End(bench.Ask(new ChangeRequest.Abort { Stack = World.Stack })).Outcome);
        Assert.Null(bench.State.Active);
        Assert.Equal("db.1=db:v1", bench.Running);
    }

    [Fact]
    public void Deploy_of_something_newer_takes_over_from_a_pause_between_two_services()
    {
        bench.Hang(k => k.Service == "db");
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1", after: "db")));
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        bench.Hang(_ => false);
        Finish("db", 1);

        Assert.Equal(ChangeOutcome.Done, End(bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v2", after: "db")))).Outcome);
        Assert.Equal("db.1=db:v1 web.1=web:v2", bench.Running);
    }

    [Fact]
    public void Nothing_to_pause_is_said()
    {
        bench.Deploy(Spec(Service("web")));

        var refused = Assert.IsType<StackMessage.Rejected>(Assert.Single(bench.Ask(new ChangeRequest.Pause { Stack = World.Stack })));
        Assert.Equal("stack shop has no rollout to pause", refused.Message);
    }

    [Fact]
    public void Same_file_deployed_twice_at_once_follows_the_first_and_both_end_alike()
    {
        var first = BeginUpdate();
        var second = bench.Deploy(Updated);
        bench.Hang(_ => false);
        Finish("web", 1);

        Assert.Equal((ChangeOutcome.Done, ChangeOutcome.Done), (End(first).Outcome, End(second).Outcome));
        Assert.Equal(2, bench.State.Head.LastChange);
    }

    [Fact]
    public void Newer_file_deployed_meanwhile_supersedes_and_the_first_is_told()
    {
        var first = BeginUpdate();
        bench.Hang(_ => false);
        var second = bench.Deploy(Spec(Service("web", "app:v3", replicas: 2)));

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done), (End(first).Outcome, End(second).Outcome));
        Assert.Equal("web.1=app:v3 web.2=app:v3", bench.Running);
    }

    [Fact]
    public void Follower_that_leaves_does_not_end_the_change()
    {
        var deploy = BeginUpdate();
        bench.LeaveAll();
        bench.Hang(_ => false);
        Finish("web", 1);

        Assert.Empty(deploy.OfType<StackMessage.Followed>().Select(f => f.Event).OfType<ChangeEvent.Ended>());
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
        Assert.Null(bench.State.Active);
    }

    [Fact]
    public void Way_back_goes_on_through_a_pause()
    {
        bench.Deploy(Spec(Service("web", "app:v1", 3)));
        var old = bench.State.Revisions[0].Services["web"].Id;
        foreach (var host in bench.Hosts.Values)
        {
            host.Judge = (key, spec) => spec.Container.Image.StartsWith("app:v2", StringComparison.Ordinal) && key.Slot == 3 ? Crash() : null;
            host.Hangs = key => key.Revision == old;
        }
        var deploy = bench.Deploy(Spec(Service("web", "app:v2", 3, FailureAction.Rollback)));

        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish("web", 1);
        Finish("web", 2);
        Finish("web", 1);

        Assert.Equal(ChangeOutcome.RolledBack, End(deploy).Outcome);
        Assert.Equal("web.1=app:v1 web.2=app:v1 web.3=app:v1", bench.Running);
    }

    [Fact]
    public void Resume_of_what_is_being_aborted_begins_nothing()
    {
        bench.Hang(_ => true);
        bench.Deploy(Spec(Service("db", "db:v1"), Service("slow", "slow:v1"), Service("web", "web:v1", after: "db")));
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish("db", 1);
        bench["h1"].IsMute = bench["h2"].IsMute = command => command is AgentCommand.StopReplica;
        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        bench.Hang(key => key.Service == "slow");
        bench.CrashAndRestart();
        Assert.Equal(ChangeOutcome.Aborted, bench.State.Active?.WindsDown);

        bench.Ask(new ChangeRequest.Resume { Stack = World.Stack });

        Assert.Equal("db.1=db:v1", bench.Running);
    }

    [Fact]
    public void Same_file_as_atomic_takes_over_from_one_that_is_not()
    {
        var first = BeginUpdate();
        bench.Hang(_ => false);
        var second = bench.Deploy(Updated, isAtomic: true);

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done), (End(first).Outcome, End(second).Outcome));
    }

    [Fact]
    public void Who_watches_a_change_that_is_refused_is_told()
    {
        bench["h1"].Objects = bench["h2"].Objects = _ => "no";
        bench["h1"].IsMute = bench["h2"].IsMute = command => command is AgentCommand.Preflight;
        bench.Deploy(Spec(Service("web")));

        var watching = bench.Ask(new ChangeRequest.Watch { Stack = World.Stack });
        Assert.Empty(watching);
        bench["h1"].Speak();
        bench["h2"].Speak();
        bench.Settle();

        Assert.Contains("was refused", End(watching).Message, StringComparison.Ordinal);
    }

    private static StackSpec Updated => Spec(Service("web", "app:v2", replicas: 2));

    /// <summary>Services api and web at once, both until somebody promotes them.</summary>
    private void BeginHeld(StrategyKind api, StrategyKind web)
    {
        bench.Deploy(Spec(Service("api", "api:v1", replicas: 2), Service("web", "web:v1", replicas: 2)));
        bench.Deploy(Spec(Manual(Service("api", "api:v2", replicas: 2), api), Manual(Service("web", "web:v2", replicas: 2), web)));
    }

    private static ServiceSpec Manual(ServiceSpec service, StrategyKind kind) =>
        service with { Deploy = service.Deploy with { Strategy = new StrategySpec { Kind = kind, IsManual = true } } };

    /// <summary>web.1 hangs in its gate.</summary>
    private List<object> BeginUpdate()
    {
        bench.Deploy(Spec(Service("web", "app:v1", replicas: 2)));
        bench.Hang(k => k.Slot == 1);
        return bench.Deploy(Updated);
    }

    private void Finish(string service, int slot)
    {
        foreach (var host in bench.Hosts.Values)
        {
            host.Pass(service, slot);
        }
        bench.Settle();
    }
}
