using Xunit.Sdk;

namespace Orchestrator.Actors.Tests.Runtime;

public sealed class TestKitTests : ActorTestKit
{
    public TestKitTests()
        : base(TestSystem.OneThread())
    {
    }

    [Fact]
    public void ExpectMsg_of_another_type_fails_and_names_both()
    {
        TestActor.Tell("text");

        var thrown = Assert.ThrowsAny<XunitException>(() => ExpectMsg<int>());

        Assert.Contains("Int32", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("<text>", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExpectMsg_fails_when_nothing_comes()
    {
        var thrown = Assert.ThrowsAny<XunitException>(() => ExpectMsg<int>(TimeSpan.FromSeconds(1), "the answer"));

        Assert.Contains("the answer", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExpectNoMsg_fails_on_a_message()
    {
        TestActor.Tell("unexpected");

        Assert.ThrowsAny<XunitException>(() => ExpectNoMsg());
    }

    [Fact]
    public void Within_fails_when_the_block_takes_too_long_or_too_short()
    {
        Assert.ThrowsAny<XunitException>(() => Within(TimeSpan.FromSeconds(1), () => AwaitCondition(() => false, TimeSpan.FromSeconds(2))));
        Assert.ThrowsAny<XunitException>(() => Within(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), () => { }));
    }

    [Fact]
    public void Expectations_inside_Within_share_its_time()
    {
        Assert.ThrowsAny<XunitException>(() => Within(TimeSpan.FromSeconds(1), () => ExpectMsg<int>()));

        Assert.Equal(new DateTimeOffset(2000, 1, 1, 0, 0, 1, TimeSpan.Zero), Sys.Scheduler.Now);
    }

    [Fact]
    public void AwaitAssert_ends_with_the_assertions_own_failure()
    {
        Assert.Throws<TrueException>(() => AwaitAssert(() => Assert.True(false), TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Ignored_messages_never_come()
    {
        IgnoreMessages<string>();

        TestActor.Tell("ignored");
        TestActor.Tell(1);

        ExpectMsg(1);
    }

    [Fact]
    public void ReceiveWhile_leaves_the_first_that_does_not_fit()
    {
        foreach (var message in new object[] { 1, 2, "end", 3 })
        {
            TestActor.Tell(message);
        }

        var numbers = ReceiveWhile<object>(m => m is int ? m : null, TimeSpan.FromSeconds(1));

        Assert.Equal([1, 2], numbers.Cast<int>());
        ExpectMsg("end");
    }

    [Fact]
    public void ExpectMsgAllOf_fails_when_one_is_missing()
    {
        TestActor.Tell("a");
        TestActor.Tell("c");

        Assert.ThrowsAny<XunitException>(() => ExpectMsgAllOf("a", "b"));
    }

    [Fact]
    public void Probe_is_a_reference_replies_and_forwards()
    {
        var probe = CreateTestProbe("helper");
        var other = CreateTestProbe();

        probe.Tell("question");
        probe.ExpectMsg("question");
        probe.Reply("answer");
        probe.Forward(other.Ref);

        ExpectMsgFrom(probe, "answer");
        other.ExpectMsgFrom(TestActor, "question");
        Assert.Equal<IActorRef>(probe, probe.Ref);
        Assert.Equal(probe.Ref.GetHashCode(), probe.GetHashCode());
    }

    [Fact]
    public void ChildActorOf_supervises_by_the_given_strategy()
    {
        var child = ChildActorOf(Subject.Of(Sys.DeadLetters), new OneForOneStrategy(_ => Directive.Stop));
        Watch(child);

        child.Tell(new Subject.Throw("boom"));

        ExpectTerminated(child);
    }
}
