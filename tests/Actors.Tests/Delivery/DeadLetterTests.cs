namespace Orchestrator.Actors.Tests.Delivery;

public abstract class DeadLetterTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Message_to_a_stopped_actor_becomes_a_dead_letter()
    {
        var subject = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref));
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        subject.Tell("late");

        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal("late", letter.Message);
        Assert.Equal(subject, letter.Recipient);
        Assert.Equal(TestActor, letter.Sender);
    }

    [Fact]
    public void Messages_queued_when_the_actor_stops_become_dead_letters()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        var subject = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref));

        subject.Tell(new Subject.Do(context =>
        {
            context.Self.Tell("queued");
            context.Stop(context.Self);
        }));

        Assert.Equal("queued", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void Selection_of_nobody_leads_to_dead_letters()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        Sys.ActorSelection("/user/nobody").Tell("hello", TestActor);

        Assert.Equal("hello", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void PoisonPill_to_a_stopped_actor_is_no_dead_letter()
    {
        var subject = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref));
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        subject.Tell(PoisonPill.Instance);
        subject.Tell("after");

        Assert.Equal("after", ExpectMsg<DeadLetter>().Message);
    }

    public sealed class OnThreads() : DeadLetterTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : DeadLetterTests(TestSystem.OneThread());
#endif
}
