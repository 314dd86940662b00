namespace Orchestrator.Actors.Tests.Behaviours;

public abstract class BecomeTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Become_replaces_the_behaviour()
    {
        var door = Sys.ActorOf(Props.Create(() => new Door()));

        door.Tell("knock");
        door.Tell("open");
        door.Tell("knock");

        ExpectMsg("closed");
        ExpectMsg("opened");
    }

    [Fact]
    public void Stacked_behaviours_come_back_one_by_one()
    {
        var stacking = Sys.ActorOf(Props.Create(() => new Stacking(0)));

        foreach (var order in new[] { "level", "push", "level", "push", "level", "pop", "level", "pop", "level", "pop", "level" })
        {
            stacking.Tell(order);
        }

        Assert.Equal([0, 1, 2, 1, 0, 0], ReceiveN(6).Cast<int>());
    }

    [Fact]
    public void Restart_goes_back_to_the_first_behaviour()
    {
        var door = Sys.ActorOf(Props.Create(() => new Door()));

        door.Tell("open");
        door.Tell("break");
        door.Tell("knock");

        ExpectMsg("closed");
    }

    [Fact]
    public void First_handler_that_takes_the_message_handles_it()
    {
        var sorting = Sys.ActorOf(Props.Create(() => new Sorting()));

        sorting.Tell(5);
        sorting.Tell(50);
        sorting.Tell(500);
        sorting.Tell("text");

        ExpectMsg("small");
        ExpectMsg("middling");
        ExpectMsg("large");
        ExpectMsg("anything");
    }

    [Fact]
    public void Handler_after_ReceiveAny_is_refused()
    {
        var wrong = Sys.ActorOf(Props.Create(() => new Unreachable(TestActor)));

        ExpectMsg("refused");
        Watch(wrong);
        ExpectTerminated(wrong);
    }

    [Fact]
    public void Untyped_actor_can_change_its_behaviour_too()
    {
        var turning = Sys.ActorOf(Props.Create(() => new Turning()));

        turning.Tell("a");
        turning.Tell("b");
        turning.Tell("c");

        ExpectMsg("first a");
        ExpectMsg("second b");
        ExpectMsg("first c");
    }

    public sealed class OnThreads() : BecomeTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : BecomeTests(TestSystem.OneThread());
#endif

    private sealed class Door : ReceiveActor
    {
        public Door()
        {
            Receive<string>(m => m == "open", _ => Become(Open));
            Receive<string>(m => m == "knock", _ => Sender.Tell("closed"));
        }

        private void Open()
        {
            Receive<string>(m => m == "break", _ => throw new InvalidOperationException("broken"));
            Receive<string>(m => m == "knock", _ => Sender.Tell("opened"));
        }
    }

    private sealed class Stacking : ReceiveActor
    {
        public Stacking(int level) => Level(level);

        private void Level(int level)
        {
            Receive<string>(m => m == "level", _ => Sender.Tell(level));
            Receive<string>(m => m == "push", _ => BecomeStacked(() => Level(level + 1)));
            Receive<string>(m => m == "pop", _ => UnbecomeStacked());
        }
    }

    private sealed class Sorting : ReceiveActor
    {
        public Sorting()
        {
            Receive<int>(n => n < 10, _ => Sender.Tell("small"));
            Receive<int>(n =>
            {
                if (n >= 100)
                {
                    return false;
                }
                Sender.Tell("middling");
                return true;
            });
            Receive<int>(_ => Sender.Tell("large"));
            ReceiveAny(_ => Sender.Tell("anything"));
        }
    }

    private sealed class Unreachable : ReceiveActor
    {
        public Unreachable(IActorRef log)
        {
            ReceiveAny(_ => { });
            try
            {
                Receive<string>(_ => { });
            }
            catch (InvalidOperationException)
            {
                log.Tell("refused");
                throw;
            }
        }
    }

    private sealed class Turning : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            Sender.Tell($"first {message}");
            Become(Second);
        }

        private void Second(object message)
        {
            Sender.Tell($"second {message}");
            Become(OnReceive);
        }
    }
}
