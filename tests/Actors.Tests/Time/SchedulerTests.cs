namespace Orchestrator.Actors.Tests.Time;

public abstract class SchedulerTests(ActorSystem system) : ActorTestKit(system)
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void ScheduleTellOnce_tells_once_with_the_sender()
    {
        var sender = CreateTestProbe();

        Sys.Scheduler.ScheduleTellOnce(s_short, TestActor, "later", sender.Ref);

        ExpectMsgFrom(sender.Ref, "later");
        ExpectNoMsg(s_short * 3);
    }

    [Fact]
    public void ScheduleTellRepeatedly_goes_on_until_cancelled()
    {
        var cancelable = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(s_short, s_short, TestActor, "tick", ActorRefs.NoSender!);
        ReceiveN(3);

        cancelable.Cancel();
        ReceiveWhile<string>(m => m == "tick", TimeSpan.FromMilliseconds(1));

        ExpectNoMsg(s_short * 4);
    }

    [Fact]
    public void Cancelled_before_it_is_due_tells_nothing()
    {
        using var cancelable = new Cancelable(Sys.Scheduler);
        Sys.Scheduler.ScheduleTellOnce(s_short, TestActor, "later", ActorRefs.NoSender!, cancelable);

        cancelable.Cancel();

        ExpectNoMsg(s_short * 4);
    }

    [Fact]
    public void CancelAfter_cancels_by_the_systems_clock()
    {
        using var cancelable = new Cancelable(Sys.Scheduler);
        Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, s_short, TestActor, "tick", ActorRefs.NoSender!, cancelable);

        cancelable.CancelAfter(s_short * 4);

        AwaitCondition(() => cancelable.IsCancellationRequested);
    }

    [Fact]
    public void Advanced_ScheduleOnce_runs_the_action()
    {
        var self = TestActor;

        Sys.Scheduler.Advanced.ScheduleOnce(s_short, () => self.Tell("ran", ActorRefs.NoSender!));

        ExpectMsg("ran");
    }

    [Fact]
    public void Now_moves_with_the_clock()
    {
        var before = Sys.Scheduler.Now;

        Sys.Scheduler.ScheduleTellOnce(s_short, TestActor, "later", ActorRefs.NoSender!);
        ExpectMsg("later");

        Assert.True(Sys.Scheduler.Now - before >= s_short - TimeSpan.FromMilliseconds(20));
    }

    public sealed class OnThreads() : SchedulerTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : SchedulerTests(TestSystem.OneThread());
#endif
}
