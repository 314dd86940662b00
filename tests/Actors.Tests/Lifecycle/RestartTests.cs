namespace Orchestrator.Actors.Tests.Lifecycle;

public abstract class RestartTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Restart_runs_the_hooks_in_order_and_keeps_the_mailbox()
    {
        var subject = Sys.ActorOf(Subject.Of(TestActor));

        subject.Tell("before");
        subject.Tell(new Subject.Throw("boom"));
        subject.Tell("after");

        ExpectMsg("subject:PreStart");
        ExpectMsg("before");
        ExpectMsg("subject:PreRestart(boom)");
        ExpectMsg("subject:PostStop");
        ExpectMsg("subject:PostRestart(boom)");
        ExpectMsg("subject:PreStart");
        ExpectMsg("after");
    }

    [Fact]
    public void Failing_message_is_not_processed_again()
    {
        var subject = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref));

        subject.Tell(new Subject.Do(_ =>
        {
            TestActor.Tell("attempt");
            throw new InvalidOperationException("boom");
        }));
        subject.Tell(new Subject.Do(_ => TestActor.Tell("next")));

        ExpectMsg("attempt");
        ExpectMsg("next");
        ExpectNoMsg();
    }

    [Fact]
    public void Fresh_incarnation_has_lost_its_state_and_kept_its_reference()
    {
        var counter = Sys.ActorOf(Props.Create(() => new Counter()));

        counter.Tell("count");
        ExpectMsg(1);
        counter.Tell("fail");
        counter.Tell("count");

        ExpectMsgFrom(counter, 1);
    }

    [Fact]
    public void PreRestart_learns_the_failing_message()
    {
        var subject = Sys.ActorOf(Props.Create(() => new RemembersFailure(TestActor)));

        subject.Tell("the culprit");

        ExpectMsg("the culprit");
    }

    [Fact]
    public void Restart_stops_the_children_before_the_fresh_incarnation_starts()
    {
        var parent = Sys.ActorOf(Subject.Of(TestActor, "parent"));
        parent.Tell(new Subject.Do(context => context.ActorOf(Subject.Of(TestActor, "child"), "child")));
        ExpectMsg("parent:PreStart");
        ExpectMsg("child:PreStart");

        parent.Tell(new Subject.Throw("boom"));

        ExpectMsg("parent:PreRestart(boom)");
        ExpectMsgAllOf("parent:PostStop", "child:PostStop");
        ExpectMsg("parent:PostRestart(boom)");
        ExpectMsg("parent:PreStart");
    }

    [Fact]
    public void Children_kept_by_PreRestart_are_restarted_too()
    {
        var parent = Sys.ActorOf(Props.Create(() => new KeepsChildren(TestActor)), "parent");
        ExpectMsg("child:PreStart");

        parent.Tell("fail");

        ExpectMsg("child:PreRestart(boom)");
        ExpectMsg("child:PostStop");
        ExpectMsg("child:PostRestart(boom)");
        ExpectMsg("child:PreStart");
    }

    [Fact]
    public void Failure_while_starting_stops_the_actor()
    {
        var broken = Sys.ActorOf(Props.Create(() => new Broken()));

        Watch(broken);

        ExpectTerminated(broken);
    }

    [Fact]
    public void Watches_outlive_a_restart()
    {
        var watched = CreateTestProbe();
        var watcher = Sys.ActorOf(Props.Create(() => new Watcher(watched.Ref, TestActor)));
        watcher.Tell("fail");
        watcher.Tell("are you back?");
        ExpectMsg("are you back?");

        Sys.Stop(watched.Ref);

        ExpectMsg("terminated");
        ExpectNoMsg();
    }

    public sealed class OnThreads() : RestartTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : RestartTests(TestSystem.OneThread());
#endif

    private sealed class Counter : ReceiveActor
    {
        private int _count;

        public Counter()
        {
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(_ => Sender.Tell(++_count));
        }
    }

    private sealed class RemembersFailure(IActorRef log) : UntypedActor
    {
        protected override void OnReceive(object message) => throw new InvalidOperationException("boom");

        protected override void PreRestart(Exception reason, object? message) => log.Tell(message!);
    }

    private sealed class KeepsChildren : ReceiveActor
    {
        private readonly IActorRef _log;

        public KeepsChildren(IActorRef log)
        {
            _log = log;
            Receive<string>(_ => throw new InvalidOperationException("boom"));
        }

        protected override void PreStart() => Context.ActorOf(Subject.Of(_log, "child"), "child");

        protected override void PreRestart(Exception reason, object? message)
        {
        }

        protected override void PostRestart(Exception reason)
        {
        }
    }

    private sealed class Broken : ReceiveActor
    {
        protected override void PreStart() => throw new InvalidOperationException("cannot start");
    }

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef watched, IActorRef log)
        {
            Context.Watch(watched);
            Receive<Terminated>(_ => log.Tell("terminated"));
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(log.Tell);
        }
    }
}
