namespace Orchestrator.Actors.Tests.Delivery;

public abstract class DeliveryTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Messages_of_one_sender_arrive_in_order()
    {
        const int Count = 5_000;
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));

        for (var i = 0; i < Count; i++)
        {
            echo.Tell(i);
        }

        var received = ReceiveN(Count, TestSystem.Patience).Cast<int>();
        Assert.Equal(Enumerable.Range(0, Count), received);
    }

    [Fact]
    public void Tell_in_a_test_has_the_test_actor_as_sender()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Echo()), "echo");

        echo.Tell("hello");

        ExpectMsgFrom(echo, "hello");
        Assert.Equal(echo, LastSender);
    }

    [Fact]
    public void Forward_keeps_the_original_sender()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));
        var forwarder = Sys.ActorOf(Props.Create(() => new Forwarder(echo)));

        forwarder.Tell("hello");

        ExpectMsgFrom(echo, "hello");
    }

    [Fact]
    public void Sender_without_one_is_the_dead_letters()
    {
        var probe = CreateTestProbe();
        var asker = Sys.ActorOf(Subject.Of(probe.Ref));
        probe.ExpectMsg("subject:PreStart");

        asker.Tell(new Subject.Do(context => probe.Ref.Tell(context.Sender)), ActorRefs.NoSender);

        Assert.Equal(Sys.DeadLetters, probe.ExpectMsg<IActorRef>());
    }

    [Fact]
    public void Null_message_is_refused()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));

        Assert.Throws<InvalidMessageException>(() => echo.Tell(null!));
    }

    [Fact]
    public async Task Actor_made_with_new_outside_a_system_is_refused()
    {
        var thread = Task.Factory.StartNew(
            () => Assert.Throws<ActorInitializationException>(() => new Echo()),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        Assert.NotNull(await thread);
    }

    [Fact]
    public void Message_that_no_handler_takes_becomes_an_UnhandledMessage_event()
    {
        var picky = Sys.ActorOf(Props.Create(() => new Picky()));
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));

        picky.Tell("a text");

        var unhandled = ExpectMsg<UnhandledMessage>();
        Assert.Equal("a text", unhandled.Message);
        Assert.Equal(picky, unhandled.Recipient);
    }

    public sealed class OnThreads() : DeliveryTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : DeliveryTests(TestSystem.OneThread());
#endif

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef target) => ReceiveAny(target.Forward);
    }

    private sealed class Picky : ReceiveActor
    {
        public Picky() => Receive<int>(_ => { });
    }
}
