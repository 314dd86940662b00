namespace Orchestrator.Actors.Tests.Behaviours;

public abstract class StashTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Stashed_messages_come_back_in_order_and_before_later_ones()
    {
        var waiting = Sys.ActorOf(Props.Create(() => new Waiting(TestActor)));

        waiting.Tell("one");
        waiting.Tell("two");
        waiting.Tell("open");
        waiting.Tell("three");

        Assert.Equal(["one", "two", "three"], ReceiveN(3));
        Assert.Equal(TestActor, LastSender);
    }

    [Fact]
    public void Unstash_brings_back_only_the_oldest()
    {
        var waiting = Sys.ActorOf(Props.Create(() => new Waiting(TestActor)));

        waiting.Tell("one");
        waiting.Tell("two");
        waiting.Tell("open one");

        ExpectMsg("one");
        ExpectNoMsg();
    }

    [Fact]
    public void Stash_beyond_its_capacity_fails_the_actor()
    {
        var waiting = Sys.ActorOf(Props.Create(() => new Waiting(TestActor)).WithStashCapacity(2));

        waiting.Tell("one");
        waiting.Tell("two");
        waiting.Tell("three");

        ExpectMsg(nameof(StashOverflowException));
    }

    [Fact]
    public void Restart_brings_the_stash_back_to_the_mailbox()
    {
        var waiting = Sys.ActorOf(Props.Create(() => new Waiting(TestActor)));

        waiting.Tell("one");
        waiting.Tell("fail");
        waiting.Tell("open");

        ExpectMsg(nameof(InvalidOperationException));
        ExpectMsg("one");
    }

    [Fact]
    public void Stashing_one_message_twice_is_refused()
    {
        var waiting = Sys.ActorOf(Props.Create(() => new Waiting(TestActor)));

        waiting.Tell("twice");

        ExpectMsg(nameof(IllegalActorStateException));
    }

    public sealed class OnThreads() : StashTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : StashTests(TestSystem.OneThread());
#endif

    private sealed class Waiting : ReceiveActor, IWithUnboundedStash
    {
        private readonly IActorRef _log;

        public Waiting(IActorRef log)
        {
            _log = log;
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(m => m == "twice", _ =>
            {
                Stash.Stash();
                try
                {
                    Stash.Stash();
                }
                catch (IllegalActorStateException refusal)
                {
                    log.Tell(refusal.GetType().Name);
                }
            });
            Receive<string>(m => m == "open", _ =>
            {
                Stash.UnstashAll();
                Become(Open);
            });
            Receive<string>(m => m == "open one", _ =>
            {
                Stash.Unstash();
                Become(Open);
            });
            ReceiveAny(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;

        protected override void PreRestart(Exception reason, object? message)
        {
            _log.Tell(reason.GetType().Name);
            base.PreRestart(reason, message!);
        }

        private void Open() => ReceiveAny(_log.Forward);
    }
}
