using System.Collections.Concurrent;

namespace Orchestrator.Actors.Tests.Runtime;

public sealed class StressTests : ActorTestKit
{
    private const int Senders = 8;
    private const int MessagesEach = 20_000;

    public StressTests()
        : base(ActorSystem.Create("stress", new ActorSystemOptions { MailboxCapacityCount = Senders * MessagesEach }))
    {
    }

    [Fact]
    public void Concurrent_senders_lose_nothing_and_each_keeps_its_order()
    {
        var checking = Sys.ActorOf(Props.Create(() => new OrderChecking(TestActor)));

        Parallel.For(0, Senders, sender =>
        {
            for (var i = 0; i < MessagesEach; i++)
            {
                checking.Tell((sender, i), ActorRefs.NoSender);
            }
        });

        ExpectMsg("all in order", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Message_to_an_actor_that_stops_meanwhile_is_received_or_a_dead_letter()
    {
        var outcomes = new ConcurrentDictionary<int, int>();
        Sys.ActorOf(Props.Create(() => new LetterCounting(outcomes, TestActor)));
        ExpectMsg("subscribed");
        var subject = Sys.ActorOf(Props.Create(() => new StoppingAt(MessagesEach / 2, outcomes)));

        Parallel.For(0, Senders, sender =>
        {
            for (var i = sender; i < MessagesEach; i += Senders)
            {
                subject.Tell(i, ActorRefs.NoSender);
            }
        });

        AwaitCondition(() => outcomes.Count == MessagesEach, TimeSpan.FromSeconds(60));
        Assert.All(outcomes, outcome => Assert.Equal(1, outcome.Value));
    }

    private sealed class OrderChecking : ReceiveActor
    {
        public OrderChecking(IActorRef log)
        {
            var next = new int[Senders];
            var left = Senders * MessagesEach;
            Receive<(int Sender, int Number)>(message =>
            {
                if (next[message.Sender]++ != message.Number)
                {
                    log.Tell($"out of order: {message}");
                }
                if (--left == 0)
                {
                    log.Tell("all in order");
                }
            });
        }
    }

    private sealed class StoppingAt : ReceiveActor
    {
        public StoppingAt(int last, ConcurrentDictionary<int, int> outcomes)
        {
            var received = 0;
            Receive<int>(number =>
            {
                outcomes.AddOrUpdate(number, 1, (_, count) => count + 1);
                if (++received == last)
                {
                    Context.Stop(Self);
                }
            });
        }
    }

    private sealed class LetterCounting : ReceiveActor
    {
        public LetterCounting(ConcurrentDictionary<int, int> outcomes, IActorRef log)
        {
            Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));
            log.Tell("subscribed");
            Receive<DeadLetter>(letter => letter.Message is int, letter => outcomes.AddOrUpdate((int)letter.Message, 1, (_, count) => count + 1));
            ReceiveAny(_ => { });
        }
    }
}
