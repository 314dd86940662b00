namespace Orchestrator.Actors.Tests.Delivery;

public abstract class EventStreamTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Subscription_to_a_base_takes_what_derives_from_it()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Fact));

        Sys.EventStream.Publish("not a fact");
        Sys.EventStream.Publish(new LaterFact("b"));
        Sys.EventStream.Publish(new Fact("a"));

        ExpectMsg<LaterFact>();
        ExpectMsg(new Fact("a"));
    }

    [Fact]
    public void Subscription_to_a_derived_type_leaves_its_base_out()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(LaterFact));

        Sys.EventStream.Publish(new Fact("a"));
        Sys.EventStream.Publish(new LaterFact("b"));

        ExpectMsg(new LaterFact("b"));
    }

    [Fact]
    public void Subscribing_twice_delivers_once()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Fact)));
        Assert.False(Sys.EventStream.Subscribe(TestActor, typeof(Fact)));

        Sys.EventStream.Publish(new Fact("a"));
        Sys.EventStream.Publish(new Fact("b"));

        ExpectMsg(new Fact("a"));
        ExpectMsg(new Fact("b"));
    }

    [Fact]
    public void Unsubscribed_hears_nothing_more()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Fact));
        Sys.EventStream.Subscribe(TestActor, typeof(string));

        Assert.True(Sys.EventStream.Unsubscribe(TestActor, typeof(Fact)));
        Sys.EventStream.Publish(new Fact("a"));
        Sys.EventStream.Publish("text");

        ExpectMsg("text");
    }

    public sealed class OnThreads() : EventStreamTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : EventStreamTests(TestSystem.OneThread());
#endif

    private record Fact(string Text);

    private sealed record LaterFact(string Text) : Fact(Text);
}
