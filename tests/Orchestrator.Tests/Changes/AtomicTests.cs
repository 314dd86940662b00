using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>All or nothing: one service that fails takes every service of the change back with it.</summary>
public sealed class AtomicTests : IDisposable
{
    private readonly StackBench bench = new("h1", "h2");

    public void Dispose() => bench.Dispose();

    [Theory]
    [InlineData(FailureAction.Pause)]
    [InlineData(FailureAction.Rollback)]
    [InlineData(FailureAction.Continue)]
    public void Failed_service_takes_the_others_back_to_the_old_revision(FailureAction onFailure)
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1", replicas: 2, after: "db")));
        bench.FailImage("web:v2");

        var end = End(bench.Deploy(Spec(Service("db", "db:v2"), Service("web", "web:v2", 2, onFailure, after: "db")), isAtomic: true));

        Assert.Equal(ChangeOutcome.RolledBack, end.Outcome);
        Assert.Equal((1, 1, 2), (end.Revision, bench.State.Head.Current, bench.State.Head.LastRevision));
        Assert.Equal("db.1=db:v1 web.1=web:v1 web.2=web:v1", bench.Running);
        Assert.Equal([RevisionState.RolledBack, RevisionState.Good], bench.State.Revisions.Select(r => r.State));
        Assert.Contains("db with it", end.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dependents_go_back_before_what_they_depend_on()
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("api", "api:v1", after: "db"), Service("web", "web:v1", after: "api")));
        bench.FailImage("web:v2");

        bench.Deploy(Spec(Service("db", "db:v2"), Service("api", "api:v2", after: "db"), Service("web", "web:v2", after: "api")), isAtomic: true);

        Assert.Equal(["web", "api", "db"], bench.Events.Where(e => e.Kind == StackEventKind.ServiceEnded && e.Message.Contains("is back", StringComparison.Ordinal)).Select(e => e.Service));
    }

    [Fact]
    public void Service_that_is_under_way_is_unwound_first_and_one_not_begun_stays()
    {
        bench.Deploy(Spec(Service("bad", "bad:v1"), Service("late", "late:v1", after: "bad"), Service("slow", "slow:v1", replicas: 2)));
        bench.FailImage("bad:v2");
        var late = bench.Hosts.Values.SelectMany(h => h.Replicas).Single(r => r.Key.Service == "late").ContainerId;
        bench.Hang(k => k.Service == "slow");

        var end = End(bench.Deploy(Spec(Service("bad", "bad:v2"), Service("late", "late:v2", after: "bad"), Service("slow", "slow:v2", replicas: 2)), isAtomic: true));

        Assert.Equal(ChangeOutcome.RolledBack, end.Outcome);
        Assert.Equal("bad.1=bad:v1 late.1=late:v1 slow.1=slow:v1 slow.2=slow:v1", bench.Running);
        Assert.Equal(late, bench.Hosts.Values.SelectMany(h => h.Replicas).Single(r => r.Key.Service == "late").ContainerId);
    }

    [Fact]
    public void Services_that_the_change_added_or_removed_go_back_too()
    {
        bench.Deploy(Spec(Service("old", "old:v1"), Service("web", "web:v1")));
        bench.FailImage("web:v2");

        var end = End(bench.Deploy(Spec(Service("new", "new:v1"), Service("web", "web:v2")), isAtomic: true));

        Assert.Equal((ChangeOutcome.RolledBack, 1), (end.Outcome, end.Revision));
        Assert.Equal("old.1=old:v1 web.1=web:v1", bench.Running);
    }

    [Fact]
    public void First_deploy_removes_what_it_created_and_a_later_one_begins_afresh()
    {
        bench.FailImage("web:v1");

        var end = End(bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1", after: "db")), isAtomic: true));

        Assert.Equal(ChangeOutcome.RolledBack, end.Outcome);
        Assert.Contains("there was no earlier revision", end.Message, StringComparison.Ordinal);
        Assert.Equal("", bench.Running);
        Assert.All(bench.Hosts.Values, h => Assert.Empty(h.Replicas));
        Assert.Null(bench.State.Head.Current);
        Assert.Equal("empty", bench.Explain().State);

        Assert.Equal(ChangeOutcome.Done, End(bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v2", after: "db")), isAtomic: true)).Outcome);
        Assert.Equal("db.1=db:v1 web.1=web:v2", bench.Running);
        Assert.Equal(2, bench.State.Head.Current);
    }

    [Fact]
    public void File_alone_makes_it_atomic()
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1")));
        bench.FailImage("web:v2");

        var end = End(bench.Deploy(Spec(Service("db", "db:v2"), Service("web", "web:v2")) with { IsAtomic = true }));

        Assert.Equal((ChangeOutcome.RolledBack, 1), (end.Outcome, end.Revision));
        Assert.Equal("db.1=db:v1 web.1=web:v1", bench.Running);
    }

    [Fact]
    public void Without_it_a_failure_pauses_and_leaves_the_others()
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1")));
        bench.FailImage("web:v2");

        Assert.Equal(ChangeOutcome.Paused, End(bench.Deploy(Spec(Service("db", "db:v2"), Service("web", "web:v2")))).Outcome);
        Assert.Contains("db.1=db:v2", bench.Running, StringComparison.Ordinal);
    }

    [Fact]
    public void Coordinator_that_dies_while_it_unwinds_goes_back_all_the_same()
    {
        bench.Deploy(Spec(Service("bad", "bad:v1"), Service("slow", "slow:v1")));
        bench.Hang(k => k.Service is "slow" or "bad");
        bench.Deploy(Spec(Service("bad", "bad:v2"), Service("slow", "slow:v2")), isAtomic: true);
        var command = bench.Hosts.Values.SelectMany(h => h.Commands).OfType<Protocol.AgentCommand.StartReplica>().Last(c => c.Key.Service == "bad");

        // The failure is journaled, and everything else is lost.
        bench.CrashAndRestart();
        bench.Hang(_ => false);
        foreach (var host in bench.Hosts.Values)
        {
            host.Uplink!.Tell(new Protocol.AgentEvent.ReplicaFailed(command.CommandId, command.Key, Crash()));
        }
        bench.Settle();
        bench.CrashAndRestart();
        bench.Advance(60);

        Assert.Null(bench.State.Active);
        Assert.Equal(1, bench.State.Head.Current);
        Assert.Equal("bad.1=bad:v1 slow.1=slow:v1", bench.Running);
    }
}
