namespace Orchestrator.Actors.Tests.Watching;

public abstract class DeathWatchTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Watcher_hears_of_the_end_exactly_once_also_when_watching_twice()
    {
        var subject = NewSubject();
        Watch(subject);
        Watch(subject);

        Sys.Stop(subject);

        var terminated = ExpectTerminated(subject);
        Assert.True(terminated.ExistenceConfirmed);
        ExpectNoMsg();
    }

    [Fact]
    public void Watching_a_dead_actor_is_answered_at_once()
    {
        var subject = NewSubject();
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);

        Watch(subject);

        ExpectTerminated(subject);
        ExpectNoMsg();
    }

    [Fact]
    public void Unwatched_end_is_not_heard_of()
    {
        var subject = NewSubject();
        var other = CreateTestProbe();
        other.Watch(subject);
        Watch(subject);

        Unwatch(subject);
        Sys.Stop(subject);

        other.ExpectTerminated(subject);
        ExpectNoMsg();
    }

    [Fact]
    public void Unwatch_also_takes_back_a_Terminated_that_is_queued()
    {
        var subject = NewSubject();
        var gate = new TaskCompletionSource();
        var watcher = Sys.ActorOf(Props.Create(() => new LateUnwatcher(subject, gate.Task, TestActor)));
        watcher.Tell("watch");
        ExpectMsg("watching");
        var other = CreateTestProbe();
        other.Watch(subject);

        // The watcher awaits, so that its Terminated is queued behind this message.
        watcher.Tell("unwatch");
        Sys.Stop(subject);
        other.ExpectTerminated(subject);
        gate.SetResult();
        watcher.Tell("still there?");

        ExpectMsg("unwatched");
        ExpectMsg("still there?");
        ExpectNoMsg();
    }

    [Fact]
    public void WatchWith_sends_the_given_message_instead()
    {
        var subject = NewSubject();
        var watcher = Sys.ActorOf(Subject.Of(TestActor, "watcher"));
        ExpectMsg("watcher:PreStart");
        watcher.Tell(new Subject.Do(context => context.WatchWith(subject, "it is gone")));
        watcher.Tell("watching");
        ExpectMsg("watching");

        Sys.Stop(subject);

        ExpectMsg("it is gone");
        ExpectNoMsg();
    }

    [Fact]
    public void Terminated_that_is_not_handled_breaks_the_death_pact()
    {
        var subject = NewSubject();
        var careless = Sys.ActorOf(Props.Create(() => new Careless(subject)));
        Watch(careless);

        Sys.Stop(subject);

        ExpectTerminated(careless);
    }

    [Fact]
    public void Every_watcher_hears_of_the_end()
    {
        var subject = NewSubject();
        var one = CreateTestProbe();
        var two = CreateTestProbe();
        one.Watch(subject);
        two.Watch(subject);

        Sys.Stop(subject);

        one.ExpectTerminated(subject);
        two.ExpectTerminated(subject);
    }

    [Fact]
    public void Parent_that_watches_its_child_hears_of_the_end_once()
    {
        var parent = Sys.ActorOf(Subject.Of(TestActor, "parent"));
        ExpectMsg("parent:PreStart");

        parent.Tell(new Subject.Do(context => context.Stop(context.WatchWith(context.ActorOf(Subject.Of(context.System.DeadLetters)), "gone"))));

        ExpectMsg("gone");
        ExpectNoMsg();
    }

    private IActorRef NewSubject() => Sys.ActorOf(Subject.Of(Sys.DeadLetters));

    public sealed class OnThreads() : DeathWatchTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : DeathWatchTests(TestSystem.OneThread());
#endif

    private sealed class Careless : ReceiveActor
    {
        public Careless(IActorRef subject)
        {
            Context.Watch(subject);
            Receive<string>(_ => { });
        }
    }

    private sealed class LateUnwatcher : ReceiveActor
    {
        public LateUnwatcher(IActorRef subject, Task gate, IActorRef log)
        {
            Receive<Terminated>(_ => log.Tell("terminated"));
            ReceiveAsync<string>(m => m == "watch", async _ =>
            {
                Context.Watch(subject);
                log.Tell("watching");
                await gate;
            });
            Receive<string>(m => m == "unwatch", _ =>
            {
                Context.Unwatch(subject);
                log.Tell("unwatched");
            });
            Receive<string>(log.Tell);
        }
    }
}
