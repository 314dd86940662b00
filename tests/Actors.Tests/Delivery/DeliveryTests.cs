namespace Orchestrator.Actors.Tests.Delivery;

public sealed class DeliveryTests : ActorTestKit
{
    [Fact]
    public void Messages_of_one_sender_arrive_in_order()
    {
        const int Count = 10_000;
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));

        for (var i = 0; i < Count; i++)
        {
            echo.Tell(i);
        }

        var received = ReceiveN(Count, TimeSpan.FromSeconds(30)).Cast<int>();
        Assert.Equal(Enumerable.Range(0, Count), received);
    }

    [Fact]
    public void Tell_in_a_test_has_the_test_actor_as_sender()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Echo()), "echo");

        echo.Tell("hello");

        ExpectMsgFrom(echo, "hello");
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
    public async Task Messages_after_an_await_still_have_the_test_actor_as_sender()
    {
        var echo = Sys.ActorOf(Props.Create(() => new Echo()));

        await echo.Ask<string>("first", TimeSpan.FromSeconds(10));
        echo.Tell("second");

        ExpectMsg("second");
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef target) => ReceiveAny(target.Forward);
    }
}
