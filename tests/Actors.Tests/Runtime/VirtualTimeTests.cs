namespace Orchestrator.Actors.Tests.Runtime;

public sealed class VirtualTimeTests : ActorTestKit
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    private readonly VirtualTimeProvider _time = new();

    public VirtualTimeTests()
        : base(TestSystem.OneThread())
    {
    }

    [Fact]
    public void Timers_fire_in_order_each_at_its_own_instant()
    {
        var start = _time.GetUtcNow();
        var fired = new List<double>();
        using var late = Timer(2 * s_second, () => fired.Add((_time.GetUtcNow() - start).TotalSeconds));
        using var early = Timer(s_second, () => fired.Add((_time.GetUtcNow() - start).TotalSeconds));

        _time.Advance(3 * s_second);

        Assert.Equal([1, 2], fired);
        Assert.Equal(start + 3 * s_second, _time.GetUtcNow());
    }

    [Fact]
    public void Timers_of_one_instant_fire_in_the_order_they_were_set()
    {
        var fired = new List<int>();
        using var one = Timer(s_second, () => fired.Add(1));
        using var two = Timer(s_second, () => fired.Add(2));

        _time.Advance(s_second);

        Assert.Equal([1, 2], fired);
    }

    [Fact]
    public void Periodic_timer_fires_until_it_is_disposed()
    {
        var fired = 0;
        var timer = _time.CreateTimer(_ => fired++, null, s_second, s_second);

        _time.Advance(3 * s_second);
        timer.Dispose();
        _time.Advance(3 * s_second);

        Assert.Equal(3, fired);
        Assert.Null(_time.NextDue);
    }

    [Fact]
    public void Changed_timer_forgets_its_former_time()
    {
        var fired = 0;
        using var timer = Timer(s_second, () => fired++);

        timer.Change(5 * s_second, Timeout.InfiniteTimeSpan);
        _time.Advance(2 * s_second);
        Assert.Equal(0, fired);
        _time.Advance(3 * s_second);

        Assert.Equal(1, fired);
    }

    [Fact]
    public async Task Delay_on_the_virtual_clock_ends_when_it_is_advanced()
    {
        var delay = Task.Delay(s_second, _time);
        Assert.False(delay.IsCompleted);

        _time.Advance(s_second);

        await delay;
    }

    [Fact]
    public void Restarts_are_counted_within_their_window_only()
    {
        var told = CreateTestProbe();
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(told.Ref)));
        parent.Tell(Subject.Of(Sys.DeadLetters, "child"));
        var child = told.ExpectMsg<IActorRef>();
        Watch(child);

        for (var i = 0; i < 3; i++)
        {
            child.Tell(new Subject.Throw("boom"));
            ExpectNoMsg(11 * s_second);
        }
        child.Tell(new Subject.Throw("boom"));
        child.Tell(new Subject.Throw("boom"));

        ExpectTerminated(child);
    }

    [Fact]
    public void Message_restarts_the_receive_timeouts_count()
    {
        var patient = Sys.ActorOf(Props.Create(() => new Patient(10 * s_second, TestActor)));
        ExpectNoMsg(9 * s_second);

        patient.Tell("hello");

        ExpectMsg("hello");
        ExpectNoMsg(9 * s_second);
        ExpectMsg<ReceiveTimeout>(2 * s_second);
    }

    [Fact]
    public void A_message_that_does_not_influence_leaves_the_receive_timeout_running()
    {
        var patient = Sys.ActorOf(Props.Create(() => new Patient(10 * s_second, TestActor)));
        ExpectNoMsg(9 * s_second);

        patient.Tell(new Unnoticed());

        ExpectMsg<Unnoticed>();
        ExpectMsg<ReceiveTimeout>(2 * s_second);
    }

    [Fact]
    public void A_receive_timeout_queued_behind_a_message_is_overtaken_by_it()
    {
        var dispatcher = (DeterministicDispatcher)Sys.Options.Dispatcher!;
        var patient = Sys.ActorOf(Props.Create(() => new Patient(10 * s_second, TestActor)));
        dispatcher.RunUntilIdle();

        patient.Tell("in time");
        dispatcher.Time.Advance(10 * s_second);

        ExpectMsg("in time");
        ExpectNoMsg(9 * s_second);
        ExpectMsg<ReceiveTimeout>(2 * s_second);
    }

    [Fact]
    public void Ask_times_out_by_the_virtual_clock()
    {
        var answer = Sys.ActorOf(Subject.Of(Sys.DeadLetters)).Ask<int>("hello?", 10 * s_second);

        ExpectNoMsg(9 * s_second);
        Assert.False(answer.IsCompleted);
        ExpectNoMsg(2 * s_second);

        Assert.IsType<AskTimeoutException>(answer.Exception?.InnerException);
    }

    private ITimer Timer(TimeSpan due, Action action) => _time.CreateTimer(_ => action(), null, due, Timeout.InfiniteTimeSpan);

    private sealed record Unnoticed : INotInfluenceReceiveTimeout;

    private sealed class Patient : ReceiveActor
    {
        public Patient(TimeSpan limit, IActorRef log)
        {
            SetReceiveTimeout(limit);
            ReceiveAny(log.Tell);
        }
    }

    private sealed class Supervisor : ReceiveActor
    {
        public Supervisor(IActorRef told) => Receive<Props>(props => told.Tell(Context.ActorOf(props)));

        protected override SupervisorStrategy SupervisorStrategy() =>
            new OneForOneStrategy(1, TimeSpan.FromSeconds(10), _ => Directive.Restart);
    }
}
