namespace Orchestrator.Actors.Tests.Lifecycle;

public abstract class SupervisionTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Resume_goes_on_with_the_same_incarnation()
    {
        var child = Child(new OneForOneStrategy(_ => Directive.Resume));

        child.Tell(new Subject.Throw("boom"));
        child.Tell("still here");

        ExpectMsg("child:PreStart");
        ExpectMsg("still here");
    }

    [Fact]
    public void Stop_ends_the_child()
    {
        var child = Child(new OneForOneStrategy(_ => Directive.Stop));
        Watch(child);

        child.Tell(new Subject.Throw("boom"));

        ExpectMsg("child:PreStart");
        ExpectMsg("child:PostStop");
        ExpectTerminated(child);
    }

    [Fact]
    public void Restarts_beyond_the_limit_stop_the_child()
    {
        var child = Child(new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart));
        var watcher = CreateTestProbe();
        watcher.Watch(child);

        child.Tell(new Subject.Throw("one"));
        child.Tell(new Subject.Throw("two"));
        child.Tell("between");
        FishForMessage<string>(m => m == "between");
        watcher.ExpectNoMsg();
        child.Tell(new Subject.Throw("three"));

        watcher.ExpectTerminated(child);
    }

    [Fact]
    public void No_restarts_permitted_means_stop_at_the_first_failure()
    {
        var child = Child(new OneForOneStrategy(0, TimeSpan.FromMinutes(1), _ => Directive.Restart));
        Watch(child);

        child.Tell(new Subject.Throw("one"));

        FishForMessage<Terminated>(t => t.ActorRef.Equals(child));
    }

    [Fact]
    public void Escalate_makes_the_parent_fail_with_the_same_exception()
    {
        var reporting = new OneForOneStrategy(exception =>
        {
            TestActor.Tell(exception.Message);
            return Directive.Restart;
        });
        var top = Sys.ActorOf(Props.Create(() => new Supervisor(reporting, TestActor)), "top");
        top.Tell(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Escalate), TestActor)));
        var middle = ExpectMsg<IActorRef>();
        middle.Tell(Subject.Of(CreateTestProbe().Ref));
        var bottom = ExpectMsg<IActorRef>();
        Watch(bottom);

        bottom.Tell(new Subject.Throw("from below"));

        ExpectMsgAllOf<object>(TestSystem.Patience, "from below", new Terminated(bottom, true, false));
        middle.Tell(Subject.Of(CreateTestProbe().Ref));
        Assert.NotEqual(bottom, ExpectMsg<IActorRef>());
    }

    [Fact]
    public void AllForOne_restarts_the_siblings_too()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new AllForOneStrategy(_ => Directive.Restart), TestActor)));
        var log = CreateTestProbe();
        parent.Tell(Subject.Of(TestActor, "failing"));
        var failing = FishForMessage<IActorRef>(_ => true);
        parent.Tell(Subject.Of(log.Ref, "sibling"));
        log.ExpectMsg("sibling:PreStart");

        failing.Tell(new Subject.Throw("boom"));

        log.ExpectMsg("sibling:PreRestart(boom)");
        log.ExpectMsg("sibling:PostStop");
        log.ExpectMsg("sibling:PostRestart(boom)");
        log.ExpectMsg("sibling:PreStart");
    }

    [Fact]
    public void OneForOne_leaves_the_siblings_alone()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Restart), TestActor)));
        var log = CreateTestProbe();
        parent.Tell(Subject.Of(TestActor, "failing"));
        var failing = FishForMessage<IActorRef>(_ => true);
        parent.Tell(Subject.Of(log.Ref, "sibling"));
        log.ExpectMsg("sibling:PreStart");

        failing.Tell(new Subject.Throw("boom"));
        FishForMessage<string>(m => m == "failing:PostRestart(boom)");

        log.ExpectNoMsg();
    }

    [Fact]
    public void Default_strategy_stops_the_killed_and_restarts_the_rest()
    {
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider.Decide(new ActorKilledException("killed")));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider.Decide(new ActorInitializationException("not started")));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider.Decide(new DeathPactException(TestActor)));
        Assert.Equal(Directive.Restart, SupervisorStrategy.DefaultDecider.Decide(new InvalidOperationException()));
    }

    [Fact]
    public void Decider_of_pairs_takes_the_first_that_fits()
    {
        var decider = Decider.From(Directive.Escalate, Directive.Resume.When<IOException>(), Directive.Stop.When<Exception>());

        Assert.Equal(Directive.Resume, decider.Decide(new FileNotFoundException()));
        Assert.Equal(Directive.Stop, decider.Decide(new InvalidOperationException()));
    }

    [Fact]
    public void Strategy_of_the_props_goes_before_the_actors_own()
    {
        var strategy = new OneForOneStrategy(_ => Directive.Stop);
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Restart), TestActor))
            .WithSupervisorStrategy(strategy));
        parent.Tell(Subject.Of(CreateTestProbe().Ref));
        var child = ExpectMsg<IActorRef>();
        Watch(child);

        child.Tell(new Subject.Throw("boom"));

        ExpectTerminated(child);
    }

    [Fact]
    public void Failure_while_starting_is_tried_again_when_the_supervisor_says_restart()
    {
        var attempts = new Attempts(failing: 1);
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Restart), TestActor)));

        parent.Tell(Props.Create(() => new Unsteady(attempts)));
        var child = ExpectMsg<IActorRef>();
        child.Tell("hello");

        ExpectMsg("attempt 2: hello");
    }

    [Fact]
    public void Failure_of_the_fresh_incarnation_stops_the_actor_by_default()
    {
        var attempts = new Attempts(failing: 2) { FirstWorks = true };
        var child = Sys.ActorOf(Props.Create(() => new Unsteady(attempts)));
        Watch(child);

        child.Tell("fail");

        ExpectTerminated(child);
    }

    [Fact]
    public void Escalation_ends_at_the_user_guardian_which_decides_by_default()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Escalate), TestActor)));
        parent.Tell(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Escalate), TestActor)));
        var child = ExpectMsg<IActorRef>();
        Watch(parent);

        child.Tell(Kill.Instance);

        // The user guardian's default decider stops the killed; the system itself goes on.
        ExpectTerminated(parent);
        Assert.False(Sys.WhenTerminated.IsCompleted);
    }

    private IActorRef Child(SupervisorStrategy strategy)
    {
        var told = CreateTestProbe();
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(strategy, told.Ref)));
        parent.Tell(Subject.Of(TestActor, "child"));
        return told.ExpectMsg<IActorRef>();
    }

    public sealed class OnThreads() : SupervisionTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : SupervisionTests(TestSystem.OneThread());
#endif

    /// <summary>Counts the incarnations of one actor and says which of them work.</summary>
    private sealed class Attempts(int failing)
    {
        private int _made;

        internal bool FirstWorks { get; init; }

        internal int Next()
        {
            var attempt = ++_made;
            return attempt > failing || (attempt == 1 && FirstWorks) ? attempt : throw new InvalidDataException($"attempt {attempt}");
        }
    }

    private sealed class Unsteady : ReceiveActor
    {
        public Unsteady(Attempts attempts)
        {
            var attempt = attempts.Next();
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(m => Sender.Tell($"attempt {attempt}: {m}"));
        }
    }

    private sealed class Supervisor : ReceiveActor
    {
        private readonly SupervisorStrategy _strategy;

        public Supervisor(SupervisorStrategy strategy, IActorRef told)
        {
            _strategy = strategy;
            Receive<Props>(props => told.Tell(Context.ActorOf(props)));
        }

        protected override SupervisorStrategy SupervisorStrategy() => _strategy;
    }
}
