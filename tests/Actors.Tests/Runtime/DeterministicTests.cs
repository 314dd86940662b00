namespace Orchestrator.Actors.Tests.Runtime;

public sealed class DeterministicTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Same_seed_gives_the_same_trace()
    {
        Assert.Equal(Trace(seed: 42), Trace(seed: 42));
    }

    [Fact]
    public void Other_seeds_give_other_traces()
    {
        var traces = Enumerable.Range(0, 20).Select(seed => string.Join(' ', Trace(seed))).Distinct().Count();

        Assert.True(traces > 15, $"20 seeds gave only {traces} different traces.");
    }

    [Fact]
    public void Advance_fires_timers_in_the_order_they_fall_due_and_at_their_instants()
    {
        var (system, dispatcher) = System(seed: 1);
        var log = new List<string>();
        var start = dispatcher.Time.GetUtcNow();
        var logging = system.ActorOf(Props.Create(() => new Logging(log, start)));
        foreach (var seconds in new[] { 3, 1, 2 })
        {
            system.Scheduler.ScheduleTellOnce(seconds * s_second, logging, $"timer {seconds}", ActorRefs.NoSender);
        }

        dispatcher.Advance(2.5 * s_second);
        Assert.Equal(["1: timer 1", "2: timer 2"], log);
        dispatcher.Advance(s_second);

        Assert.Equal(["1: timer 1", "2: timer 2", "3: timer 3"], log);
        Assert.Equal(start + 3.5 * s_second, dispatcher.Time.GetUtcNow());
    }

    [Fact]
    public void Actors_that_answer_each_other_for_ever_are_found_out()
    {
        var (system, dispatcher) = System(seed: 3);
        var endless = system.ActorOf(Props.Create(() => new Echoing()));
        endless.Tell("ball", endless);

        var thrown = Assert.Throws<InvalidOperationException>(() => dispatcher.RunUntilIdle(turnsMax: 100));

        Assert.Contains("Seed 3", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_runs_on_the_callers_thread()
    {
        var (system, dispatcher) = System(seed: 1);
        var threads = new HashSet<int>();
        var source = new TaskCompletionSource<int>();
        var actor = system.ActorOf(Props.Create(() => new Awaiting(source.Task, threads)));
        actor.Tell("go", ActorRefs.NoSender);
        dispatcher.RunUntilIdle();
        source.SetResult(1);

        dispatcher.RunUntilIdle();

        Assert.Equal([Environment.CurrentManagedThreadId], threads);
    }

    [Fact]
    public void Several_systems_share_one_dispatcher_and_one_clock()
    {
        var time = new VirtualTimeProvider();
        var dispatcher = new DeterministicDispatcher(time, seed: 5);
        var options = new ActorSystemOptions { TimeProvider = time, Dispatcher = dispatcher };
        var log = new List<string>();
        var start = time.GetUtcNow();
        var one = ActorSystem.Create("one", options).ActorOf(Props.Create(() => new Logging(log, start)));
        var two = ActorSystem.Create("two", options).ActorOf(Props.Create(() => new Forwarding(one)));

        two.Tell("across", ActorRefs.NoSender);
        dispatcher.RunUntilIdle();

        Assert.Equal(["0: across"], log);
    }

    [Fact]
    public void Terminated_system_fires_no_timer_any_more()
    {
        var (system, dispatcher) = System(seed: 1);
        var fired = false;
        system.Scheduler.Advanced.ScheduleOnce(s_second, () => fired = true);

        var terminated = system.Terminate();
        dispatcher.RunUntilIdle();
        dispatcher.Advance(2 * s_second);

        Assert.True(terminated.IsCompleted);
        Assert.False(fired);
    }

    [Fact]
    public void Dispatcher_and_options_with_two_clocks_are_refused()
    {
        var dispatcher = new DeterministicDispatcher(new VirtualTimeProvider(), seed: 1);

        Assert.Throws<ArgumentException>(() => ActorSystem.Create("test", new ActorSystemOptions { Dispatcher = dispatcher }));
    }

    /// <summary>Three actors that pass numbers round, with a piped task and an awaiting handler among them.</summary>
    private static List<string> Trace(int seed)
    {
        var (system, dispatcher) = System(seed);
        var log = new List<string>();
        var actors = Enumerable.Range(0, 3).Select(i => system.ActorOf(Props.Create(() => new Tracing(i, log)), $"a{i}")).ToList();
        foreach (var actor in actors)
        {
            foreach (var other in actors)
            {
                actor.Tell(3, other);
            }
        }
        dispatcher.RunUntilIdle();
        Assert.NotEmpty(log);
        return log;
    }

    private static (ActorSystem System, DeterministicDispatcher Dispatcher) System(int seed)
    {
        var system = TestSystem.OneThread(seed);
        return (system, (DeterministicDispatcher)system.Options.Dispatcher!);
    }

    private sealed class Tracing : ReceiveActor
    {
        public Tracing(int name, List<string> log)
        {
            ReceiveAsync<int>(n => n == 2, async n =>
            {
                log.Add($"{name} awaits");
                await Task.Yield();
                Sender.Tell(n - 1);
            });
            Receive<int>(n =>
            {
                log.Add($"{name}:{n}");
                if (n > 0)
                {
                    Task.FromResult(n - 1).PipeTo(Sender, Self);
                }
            });
        }
    }

    private sealed class Logging : ReceiveActor
    {
        public Logging(List<string> log, DateTimeOffset start) =>
            ReceiveAny(message => log.Add($"{(Context.System.Scheduler.Now - start).TotalSeconds}: {message}"));
    }

    private sealed class Echoing : ReceiveActor
    {
        public Echoing() => ReceiveAny(message => Sender.Tell(message));
    }

    private sealed class Forwarding : ReceiveActor
    {
        public Forwarding(IActorRef target) => ReceiveAny(target.Forward);
    }

    private sealed class Awaiting : ReceiveActor
    {
        public Awaiting(Task<int> source, HashSet<int> threads)
        {
            ReceiveAsync<string>(async message =>
            {
                await source;
                threads.Add(Environment.CurrentManagedThreadId);
                _ = Later(source).PipeTo(Self);
            });
            Receive<int>(_ => threads.Add(Environment.CurrentManagedThreadId));
        }

        private static async Task<int> Later(Task<int> source)
        {
            await Task.Yield();
            return await source;
        }
    }
}
