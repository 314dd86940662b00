namespace Orchestrator.Actors.Tests.Time;

public abstract class TimerTests(ActorSystem system) : ActorTestKit(system)
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public void Single_timer_fires_once()
    {
        var timed = New(t => t.StartSingleTimer("k", "tick", s_short));

        Assert.Equal("tick", ExpectMsg<string>());
        ExpectNoMsg(s_short * 4);
        Ask(timed, t => t.IsTimerActive("k"));
        ExpectMsg(false);
    }

    [Fact]
    public void Periodic_timer_fires_until_it_is_cancelled()
    {
        var timed = New(t => t.StartPeriodicTimer("k", "tick", s_short));

        ReceiveN(3);
        Ask(timed, t =>
        {
            t.Cancel("k");
            return "cancelled";
        });
        FishForMessage<string>(m => m == "cancelled");
        ExpectNoMsg(s_short * 4);
    }

    [Fact]
    public void Timer_of_the_same_key_replaces_the_former()
    {
        New(t =>
        {
            t.StartSingleTimer("k", "former", s_short);
            t.StartSingleTimer("k", "latter", s_short * 2);
        });

        ExpectMsg("latter");
        ExpectNoMsg(s_short * 2);
    }

    [Fact]
    public void Replaced_timer_whose_message_is_already_queued_is_not_heard()
    {
        var gate = new TaskCompletionSource();
        var timed = New(t => t.StartSingleTimer("k", "former", s_short));
        timed.Tell(gate.Task);
        ExpectMsg("awaiting");
        // The timer's message is queued behind this one when the actor goes on.
        Ask(timed, t =>
        {
            t.StartSingleTimer("k", "latter", s_short);
            return "replaced";
        });
        ExpectNoMsg(s_short * 4);

        gate.SetResult();

        ExpectMsg("replaced");
        ExpectMsg("latter");
    }

    [Fact]
    public void Restart_cancels_the_timers()
    {
        var timed = Sys.ActorOf(Props.Create(() => new Timed(null, TestActor)));
        Ask(timed, t =>
        {
            t.StartSingleTimer("k", "tick", s_short);
            return "started";
        });
        ExpectMsg("started");

        timed.Tell(new InvalidOperationException("boom"));

        ExpectNoMsg(s_short * 4);
    }

    [Fact]
    public void CancelAll_leaves_none_active()
    {
        var timed = Sys.ActorOf(Props.Create(() => new Timed(null, TestActor)));

        Ask(timed, t =>
        {
            t.StartSingleTimer("a", "a", s_short);
            t.StartPeriodicTimer("b", "b", s_short);
            t.CancelAll();
            return t.IsTimerActive("a") || t.IsTimerActive("b");
        });

        ExpectMsg(false);
        ExpectNoMsg(s_short * 4);
    }

    private IActorRef New(Action<ITimerScheduler> start) => Sys.ActorOf(Props.Create(() => new Timed(start, TestActor)));

    private void Ask(IActorRef timed, Func<ITimerScheduler, object> question) => timed.Tell(question, TestActor);

    public sealed class OnThreads() : TimerTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : TimerTests(TestSystem.OneThread());
#endif

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        private readonly Action<ITimerScheduler>? _start;

        public Timed(Action<ITimerScheduler>? start, IActorRef log)
        {
            _start = start;
            Receive<Func<ITimerScheduler, object>>(question => Sender.Tell(question(Timers)));
            Receive<Exception>(exception => throw exception);
            ReceiveAsync<Task>(async gate =>
            {
                log.Tell("awaiting");
                await gate;
            });
            Receive<string>(log.Tell);
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => _start?.Invoke(Timers);
    }
}
