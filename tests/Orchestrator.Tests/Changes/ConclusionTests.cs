using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>What a stack is after a change of it has ended, and what can be gone back to.</summary>
public sealed class ConclusionTests : IDisposable
{
    private readonly StackBench bench = new("h1", "h2");

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Service_that_waited_for_one_that_went_back_was_not_superseded()
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1", after: "db")));
        bench.FailImage("db:v2");

        var end = End(bench.Deploy(Spec(Service("db", "db:v2", onFailure: FailureAction.Rollback), Service("web", "web:v2", after: "db"))));

        Assert.Equal((ChangeOutcome.RolledBack, 1, 1), (end.Outcome, end.Revision, bench.State.Head.Current));
        Assert.Equal("db.1=db:v1 web.1=web:v1", bench.Running);
    }

    [Fact]
    public void Mixed_revision_has_what_had_not_begun_as_it_was_and_keeps_what_was_to_leave()
    {
        bench.Deploy(Spec(Service("api", "api:v1"), Service("db", "db:v1"), Service("old", "old:v1"), Service("web", "web:v1", after: "db")));
        bench.FailImage("db:v2");

        var end = End(bench.Deploy(Spec(Service("api", "api:v2"), Service("db", "db:v2", onFailure: FailureAction.Rollback), Service("web", "web:v2", after: "db"))));
        bench.Advance(60);

        Assert.Equal((ChangeOutcome.RolledBack, 3), (end.Outcome, end.Revision));
        Assert.Equal("api.1=api:v2 db.1=db:v1 old.1=old:v1 web.1=web:v1", bench.Running);
        Assert.Equal([RevisionState.Good, RevisionState.RolledBack, RevisionState.Good], bench.State.Revisions.Select(r => r.State));
    }

    [Fact]
    public void Service_that_an_earlier_change_had_brought_there_stays_when_only_another_goes_back()
    {
        bench.Deploy(Spec(Service("api", "api:v1"), Service("db", "db:v1")));
        bench.Hang(k => k.Service == "api");
        bench.Deploy(Spec(Service("api", "api:v2"), Service("db", "db:v2")));
        bench.Hang(_ => false);
        bench.FailImage("api:v3");

        var end = End(bench.Deploy(Spec(Service("api", "api:v3", onFailure: FailureAction.Rollback), Service("db", "db:v2"))));
        bench.Advance(60);

        Assert.Equal((ChangeOutcome.RolledBack, 4), (end.Outcome, end.Revision));
        Assert.EndsWith("api rolled back to revision 1, db kept: the stack is at revision 4", end.Message, StringComparison.Ordinal);
        Assert.Equal("api.1=api:v1 db.1=db:v2", bench.Running);
        Assert.Equal(RevisionState.Good, bench.State.Revisions[0].State);
    }

    [Fact]
    public void Policy_of_a_service_with_nothing_to_do_stays_when_another_goes_back()
    {
        bench.Deploy(Spec(Service("api", "api:v1"), Service("db", "db:v1")));
        bench.FailImage("api:v2");

        var end = End(bench.Deploy(Spec(Service("api", "api:v2", onFailure: FailureAction.Rollback), Service("db", "db:v1", onFailure: FailureAction.Continue))));

        Assert.Equal((ChangeOutcome.RolledBack, 3), (end.Outcome, end.Revision));
        Assert.Equal(FailureAction.Continue, bench.State.Revisions[0].Service("db").Deploy.Update.FailureAction);
        Assert.Equal("api.1=api:v1 db.1=db:v1", bench.Running);
    }

    [Fact]
    public void Good_revision_that_is_deployed_again_to_bring_back_a_replica_is_never_left_for_an_older_one()
    {
        bench.Deploy(Spec(Service("web", "app:v1", 2)));
        var file = Spec(Service("web", "app:v2", 2, FailureAction.Rollback));
        bench.Deploy(file);
        bench.FailImage("app:v2");
        bench["h1"].Change("web", 1, _ => null);
        bench.Settle();

        var end = End(bench.Deploy(file));

        Assert.Equal(ChangeOutcome.Paused, end.Outcome);
        Assert.Contains("`orchestrator abort shop`: revision 2 stays what is wanted", end.Message, StringComparison.Ordinal);
        Assert.Equal("web.2=app:v2", bench.Running);

        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        Assert.Equal((2, RevisionState.Good), (bench.State.Head.Current, bench.State.Revisions[0].State));
        bench.FailImage("none");
        bench.Advance(60);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Fact]
    public void Good_revision_that_is_deployed_again_as_atomic_is_not_removed()
    {
        var file = Spec(Service("web", "app:v1", 2));
        bench.Deploy(file);
        bench.FailImage("app:v1");
        bench["h1"].Change("web", 1, _ => null);
        bench.Settle();

        Assert.Equal(ChangeOutcome.Paused, End(bench.Deploy(file, isAtomic: true)).Outcome);
        Assert.Equal("web.2=app:v1", bench.Running);
    }

    [Fact]
    public void Rollback_that_was_aborted_can_be_asked_for_again()
    {
        bench.Deploy(Spec(Service("web", "app:v1")));
        bench.Deploy(Spec(Service("web", "app:v2")));
        bench.FailImage("app:v1");
        bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack });
        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        Assert.Equal((1, RevisionState.Aborted), (bench.State.Head.Current, bench.State.Revisions[1].State));
        bench.FailImage("none");

        var end = End(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack }));

        Assert.Equal((ChangeOutcome.Done, 1), (end.Outcome, end.Revision));
        Assert.Equal("web.1=app:v1", bench.Running);
        Assert.Equal(RevisionState.Good, bench.State.Revisions[1].State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(55)]
    public void Revision_that_was_gone_back_from_is_not_gone_back_to(int attempts)
    {
        bench.Deploy(Spec(Service("web", "app:v1")));
        bench.Deploy(Spec(Service("web", "app:wrong")));
        bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack });
        bench.FailImage("app:bad");
        for (var i = 0; i < attempts; i++)
        {
            bench.Deploy(Spec(Service("web", $"app:bad{i}")));
        }

        var end = End(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack }));

        Assert.Equal((ChangeOutcome.Done, 1), (end.Outcome, end.Revision));
        Assert.Equal("web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Service_does_not_go_back_by_itself_to_what_was_gone_back_from()
    {
        bench.Deploy(Spec(Service("web", "app:v1")));
        bench.Deploy(Spec(Service("web", "app:wrong")));
        bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack });
        bench.FailImage("app:bad");
        bench.Deploy(Spec(Service("web", "app:bad1")));

        var end = End(bench.Deploy(Spec(Service("web", "app:bad2", onFailure: FailureAction.Rollback))));

        Assert.Equal((ChangeOutcome.RolledBack, 1), (end.Outcome, end.Revision));
        Assert.Equal("web.1=app:v1", bench.Running);
    }

    [Fact]
    public void Last_good_revision_outlives_any_number_of_bad_ones()
    {
        bench.Deploy(Spec(Service("web", "app:good")));
        bench.FailImage("app:bad");
        for (var i = 0; i < 55; i++)
        {
            bench.Deploy(Spec(Service("web", $"app:bad{i}")));
        }
        Assert.InRange(bench.State.Revisions.Length, 50, 52);

        var end = End(bench.Deploy(Spec(Service("web", "app:bad", onFailure: FailureAction.Rollback))));

        Assert.Equal((ChangeOutcome.RolledBack, 1), (end.Outcome, end.Revision));
        Assert.Equal("web.1=app:good", bench.Running);
    }

    [Fact]
    public void Way_back_to_a_revision_that_is_not_there_ends_in_words()
    {
        bench.Deploy(Spec(Service("web", "app:v1")));
        bench.Hang(_ => true);
        bench.Deploy(Spec(Service("web", "app:v2", onFailure: FailureAction.Rollback)));
        var command = bench.Hosts.Values.SelectMany(h => h.Commands).OfType<Protocol.AgentCommand.StartReplica>().Last();
        bench.Lose(1);
        bench.CrashAndRestart();

        foreach (var host in bench.Hosts.Values)
        {
            host.Uplink!.Tell(new Protocol.AgentEvent.ReplicaFailed(command.CommandId, command.Key, Crash()));
        }
        bench.Advance(5);

        Assert.Null(bench.State.Active);
        Assert.Equal(RevisionState.Failed, bench.State.Revisions[0].State);
        Assert.Contains("revision 1 is not in the history any more", bench.Events[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deploy_of_one_service_vouches_for_no_other()
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1")));
        bench.FailImage("db:v2");
        var file = Spec(Service("db", "db:v2"), Service("web", "web:v2"));
        bench.Deploy(file);
        var partly = new ChangeRequest.Deploy { Stack = World.Stack, Spec = Spec(Service("db", "db:v2"), Service("web", "web:v3")), Services = ["web"] };

        var end = End(bench.Ask(partly));
        Assert.Equal((ChangeOutcome.Done, 3), (end.Outcome, end.Revision));
        Assert.Contains("db stayed as in revision 2, which never was good", end.Message, StringComparison.Ordinal);
        Assert.False(bench.State.Revisions[0].WasGood);

        bench.Ask(partly);
        Assert.False(bench.State.Revisions[0].WasGood);

        Assert.Equal(1, End(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack })).Revision);
        Assert.Equal("db.1=db:v1 web.1=web:v1", bench.Running);
    }

    [Fact]
    public void Deploy_of_one_service_beside_good_ones_is_good()
    {
        bench.Deploy(Spec(Service("db", "db:v1"), Service("web", "web:v1")));

        bench.Ask(new ChangeRequest.Deploy { Stack = World.Stack, Spec = Spec(Service("db", "db:v1"), Service("web", "web:v2")), Services = ["web"] });

        Assert.Equal(RevisionState.Good, bench.State.Revisions[0].State);
    }
}
