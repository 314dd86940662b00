namespace Orchestrator.Actors.Tests.Lifecycle;

public abstract class StopTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void PoisonPill_stops_after_what_was_queued_before()
    {
        var subject = Sys.ActorOf(Subject.Of(TestActor));

        subject.Tell("one");
        subject.Tell("two");
        subject.Tell(PoisonPill.Instance);
        subject.Tell("three");

        ExpectMsg("subject:PreStart");
        ExpectMsg("one");
        ExpectMsg("two");
        ExpectMsg("subject:PostStop");
        ExpectNoMsg();
    }

    [Fact]
    public void Kill_fails_the_actor_and_by_default_stops_it()
    {
        var subject = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref));
        Watch(subject);

        subject.Tell(Kill.Instance);

        ExpectTerminated(subject);
    }

    [Fact]
    public void Children_stop_before_their_parent()
    {
        var parent = Sys.ActorOf(Subject.Of(TestActor, "parent"));
        parent.Tell(new Subject.Do(context => context.ActorOf(Subject.Of(TestActor, "child"))
            .Tell(new Subject.Do(child => child.ActorOf(Subject.Of(TestActor, "grandchild"))))));
        ExpectMsgAllOf("parent:PreStart", "child:PreStart", "grandchild:PreStart");

        Sys.Stop(parent);

        ExpectMsg("grandchild:PostStop");
        ExpectMsg("child:PostStop");
        ExpectMsg("parent:PostStop");
    }

    [Fact]
    public void Stop_lets_the_current_message_finish()
    {
        var subject = Sys.ActorOf(Subject.Of(TestActor));

        subject.Tell(new Subject.Do(context =>
        {
            context.Stop(context.Self);
            TestActor.Tell("finished");
        }));

        ExpectMsg("subject:PreStart");
        ExpectMsg("finished");
        ExpectMsg("subject:PostStop");
    }

    [Fact]
    public async Task GracefulStop_is_true_once_the_actor_has_stopped()
    {
        var subject = Sys.ActorOf(Subject.Of(TestActor));

        var stopped = subject.GracefulStop(TestSystem.Patience);

        AwaitCondition(() => stopped.IsCompleted);
        Assert.True(await stopped);
        ExpectMsg("subject:PreStart");
        ExpectMsg("subject:PostStop");
    }

    [Fact]
    public void Terminate_stops_every_actor_and_then_runs_what_was_registered()
    {
        var system = OtherSystem();
        var subject = system.ActorOf(Subject.Of(TestActor));
        ExpectMsg("subject:PreStart");
        var steps = new List<string>();
        system.RegisterOnTermination(() => steps.Add("first registered"));
        system.RegisterOnTermination(() => steps.Add("last registered"));

        var terminated = system.Terminate();

        AwaitCondition(() => { Settle(system); return terminated.IsCompleted; });
        Assert.True(system.WhenTerminated.IsCompleted);
        ExpectMsg("subject:PostStop");
        Assert.Equal(["last registered", "first registered"], steps);
        subject.Tell("nobody hears this");
    }

    private static void Settle(ActorSystem system)
    {
#if !AKKA
        (system.Options.Dispatcher as DeterministicDispatcher)?.RunUntilIdle();
#endif
    }

    private ActorSystem OtherSystem()
    {
#if !AKKA
        if (Sys.Options.Dispatcher is not null)
        {
            return ActorSystem.Create("other", Sys.Options);
        }
#endif
        return ActorSystem.Create("other");
    }

    public sealed class OnThreads() : StopTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : StopTests(TestSystem.OneThread());
#endif
}
