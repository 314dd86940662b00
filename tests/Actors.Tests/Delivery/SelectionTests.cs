namespace Orchestrator.Actors.Tests.Delivery;

public abstract class SelectionTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Absolute_path_reaches_the_actor()
    {
        Sys.ActorOf(Subject.Of(TestActor), "here");
        ExpectMsg("subject:PreStart");

        Sys.ActorSelection("/user/here").Tell("found", TestActor);

        ExpectMsg("found");
    }

    [Fact]
    public void Wildcard_reaches_every_match()
    {
        var log = CreateTestProbe();
        Sys.ActorOf(Subject.Of(log.Ref, "a"), "host-a");
        Sys.ActorOf(Subject.Of(log.Ref, "b"), "host-b");
        Sys.ActorOf(Subject.Of(log.Ref, "c"), "other");
        log.ReceiveN(3);

        Sys.ActorSelection("/user/host-*").Tell("hello", TestActor);

        Assert.Equal(["hello", "hello"], log.ReceiveN(2));
        log.ExpectNoMsg();
    }

    [Fact]
    public void Relative_path_starts_at_the_actor_itself()
    {
        var parent = Sys.ActorOf(Subject.Of(CreateTestProbe().Ref), "parent");
        Sys.ActorOf(Subject.Of(TestActor), "sibling");
        ExpectMsg("subject:PreStart");

        parent.Tell(new Subject.Do(context => context.ActorSelection("../sibling").Tell("hello")));

        ExpectMsg("hello");
    }

    [Fact]
    public async Task ResolveOne_finds_the_living_and_refuses_the_rest()
    {
        var here = Sys.ActorOf(Subject.Of(TestActor), "here");
        ExpectMsg("subject:PreStart");

        var found = Sys.ActorSelection("/user/here").ResolveOne(TestSystem.Patience);
        var missing = Sys.ActorSelection("/user/absent").ResolveOne(TestSystem.Patience);

        AwaitCondition(() => found.IsCompleted && missing.IsCompleted);
        Assert.Equal(here, await found);
        await Assert.ThrowsAsync<ActorNotFoundException>(() => missing);
    }

    public sealed class OnThreads() : SelectionTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : SelectionTests(TestSystem.OneThread());
#endif
}
