namespace Orchestrator.Actors.Tests.Runtime;

public sealed class MailboxTests : ActorTestKit
{
    private const int Capacity = 4;

    private readonly DeterministicDispatcher _dispatcher;

    public MailboxTests()
        : base(System(throughput: null)) =>
        _dispatcher = (DeterministicDispatcher)Sys.Options.Dispatcher!;

    [Fact]
    public void Beyond_its_capacity_messages_go_to_dead_letters_and_one_overflow_is_published()
    {
        var letters = Subscribed<DeadLetter>();
        var overflows = Subscribed<MailboxOverflow>();
        var subject = Started();

        TellNumbers(subject, Capacity + 3);

        Assert.Equal([4, 5, 6], letters.ReceiveN(3).Cast<DeadLetter>().Select(d => d.Message));
        Assert.Equal(new MailboxOverflow(subject, Capacity), overflows.ExpectMsg<MailboxOverflow>());
        overflows.ExpectNoMsg();
        Assert.Equal([0, 1, 2, 3], ReceiveN(4).Cast<int>());
    }

    [Fact]
    public void A_mailbox_that_has_drained_reports_its_next_overflow_again()
    {
        var overflows = Subscribed<MailboxOverflow>();
        var subject = Started();
        TellNumbers(subject, Capacity + 1);
        overflows.ExpectMsg<MailboxOverflow>();
        ReceiveN(Capacity);

        TellNumbers(subject, Capacity + 1);

        overflows.ExpectMsg<MailboxOverflow>();
    }

    [Fact]
    public void PoisonPill_reaches_an_actor_whose_mailbox_is_full()
    {
        var subject = Started();
        Watch(subject);
        TellNumbers(subject, Capacity);

        subject.Tell(PoisonPill.Instance);

        ReceiveN(Capacity);
        ExpectMsg("subject:PostStop");
        ExpectTerminated(subject);
    }

    [Fact]
    public void System_messages_go_before_those_that_were_queued_earlier()
    {
        var subject = Started();
        TellNumbers(subject, Capacity);

        Sys.Stop(subject);

        ExpectMsg("subject:PostStop");
        ExpectNoMsg();
    }

    [Fact]
    public void One_turn_runs_no_more_messages_than_the_throughput()
    {
        using var system = System(throughput: 3);
        var dispatcher = (DeterministicDispatcher)system.Options.Dispatcher!;
        var received = 0;
        Action count = () => received++;
        var subject = system.ActorOf(Props.Create(() => new Counting(count)));
        dispatcher.RunUntilIdle();
        TellNumbers(subject, Capacity);

        Assert.True(dispatcher.Step());

        Assert.Equal(3, received);
    }

    [Fact]
    public void Busy_actors_do_not_keep_others_from_their_turn()
    {
        using var system = ActorSystem.Create("busy");
        var endless = Enumerable.Range(0, 4 * Environment.ProcessorCount).Select(_ => system.ActorOf(Props.Create(() => new Endless()))).ToList();
        var counter = new Counter(1000);

        foreach (var actor in endless)
        {
            actor.Tell("go", ActorRefs.NoSender);
        }
        var others = system.ActorOf(Props.Create(() => new Counting(counter.Count)));
        for (var i = 0; i < 1000; i++)
        {
            others.Tell(i, ActorRefs.NoSender);
        }

        Assert.True(counter.IsReached, "An actor with 1000 messages did not get its turns beside endless ones.");
    }

    private static ActorSystem System(int? throughput)
    {
        var time = new VirtualTimeProvider();
        return ActorSystem.Create("test", new ActorSystemOptions
        {
            TimeProvider = time,
            Dispatcher = new DeterministicDispatcher(time, seed: 7),
            MailboxCapacityCount = Capacity,
            ThroughputCount = throughput,
        });
    }

    private IActorRef Started()
    {
        var subject = Sys.ActorOf(Subject.Of(TestActor));
        ExpectMsg("subject:PreStart");
        return subject;
    }

    private static void TellNumbers(IActorRef target, int count)
    {
        for (var i = 0; i < count; i++)
        {
            target.Tell(i, ActorRefs.NoSender);
        }
    }

    private TestProbe Subscribed<T>()
    {
        var probe = CreateTestProbe();
        Sys.EventStream.Subscribe(probe.Ref, typeof(T));
        _dispatcher.RunUntilIdle();
        return probe;
    }

    private sealed class Counter(int until)
    {
        private readonly ManualResetEventSlim _reached = new();
        private int _count;

        internal bool IsReached => _reached.Wait(TestSystem.Patience);

        internal void Count()
        {
            if (++_count == until)
            {
                _reached.Set();
            }
        }
    }

    private sealed class Counting : ReceiveActor
    {
        public Counting(Action count) => ReceiveAny(_ => count());
    }

    private sealed class Endless : ReceiveActor
    {
        public Endless() => ReceiveAny(Self.Tell);
    }
}
