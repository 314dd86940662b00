namespace Orchestrator.Actors.Tests.Behaviours;

public abstract class ReceiveAsyncTests(ActorSystem system) : ActorTestKit(system)
{
    private readonly TaskCompletionSource<string> _gate = new();

    [Fact]
    public void No_message_is_taken_while_a_handler_awaits()
    {
        var awaiting = NewAwaiting();

        awaiting.Tell("await");
        awaiting.Tell("next");
        ExpectMsg("before");
        ExpectNoMsg();
        _gate.SetResult("released");

        ExpectMsg("released");
        ExpectMsg("next");
    }

    [Fact]
    public void After_an_await_the_context_and_the_sender_are_the_handlers()
    {
        var awaiting = NewAwaiting();

        awaiting.Tell("await");
        ExpectMsg("before");
        _gate.SetResult("released");

        ExpectMsg<string>((message, sender) => message == "released" && sender.Equals(awaiting));
    }

    [Fact]
    public void Exception_after_an_await_fails_the_actor()
    {
        var awaiting = NewAwaiting();

        awaiting.Tell("await");
        awaiting.Tell("next");
        ExpectMsg("before");
        _gate.SetException(new InvalidDataException("late"));

        ExpectMsg("restarting after late while await");
        ExpectMsg("next");
    }

    [Fact]
    public void Exception_before_the_first_await_fails_the_actor()
    {
        var awaiting = NewAwaiting();

        awaiting.Tell("fail at once");
        awaiting.Tell("next");

        ExpectMsg("restarting after early while fail at once");
        ExpectMsg("next");
    }

    [Fact]
    public void Stop_does_not_wait_for_a_handler_that_awaits()
    {
        var awaiting = NewAwaiting();
        Watch(awaiting);

        awaiting.Tell("await");
        ExpectMsg("before");
        Sys.Stop(awaiting);

        ExpectTerminated(awaiting);
        _gate.SetResult("too late");
        ExpectNoMsg();
    }

    [Fact]
    public void Several_awaits_in_one_handler_keep_the_order()
    {
        var counting = Sys.ActorOf(Props.Create(() => new Counting(TestActor)));

        counting.Tell(3);
        counting.Tell(1);

        Assert.Equal(["3:0", "3:1", "3:2", "1:0"], ReceiveN(4));
    }

    private IActorRef NewAwaiting() => Sys.ActorOf(Props.Create(() => new Awaiting(_gate.Task, TestActor)));

    public sealed class OnThreads() : ReceiveAsyncTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : ReceiveAsyncTests(TestSystem.OneThread());
#endif

    private sealed class Awaiting : ReceiveActor
    {
        private readonly IActorRef _log;

        public Awaiting(Task<string> gate, IActorRef log)
        {
            _log = log;
            ReceiveAsync<string>(m => m == "await", async _ =>
            {
                Sender.Tell("before");
                var result = await gate;
                Sender.Tell(result, Self);
            });
            ReceiveAsync<string>(m => m == "fail at once", _ => throw new InvalidDataException("early"));
            Receive<string>(log.Tell);
        }

        protected override void PreRestart(Exception reason, object? message)
        {
            _log.Tell($"restarting after {reason.Message} while {message}");
            base.PreRestart(reason, message!);
        }
    }

    private sealed class Counting : ReceiveActor
    {
        public Counting(IActorRef log) => ReceiveAsync<int>(async count =>
        {
            for (var i = 0; i < count; i++)
            {
                await Task.Yield();
                log.Tell($"{count}:{i}");
            }
        });
    }
}
