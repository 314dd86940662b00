namespace Orchestrator.Actors.Tests.Delivery;

public abstract class AskTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public async Task Answer_completes_the_question()
    {
        var asked = Ask(m => m);

        var answer = asked.Ask<int>(42, TestSystem.Patience);

        AwaitCondition(() => answer.IsCompleted);
        Assert.Equal(42, await answer);
    }

    [Fact]
    public async Task Question_sent_to_a_selection_is_answered()
    {
        Ask(m => m, "answering");

        var answer = Sys.ActorSelection("/user/answering").Ask<string>("hello", TestSystem.Patience);

        AwaitCondition(() => answer.IsCompleted);
        Assert.Equal("hello", await answer);
    }

    [Fact]
    public async Task No_answer_in_time_is_an_AskTimeoutException()
    {
        var silent = Ask(_ => null);

        var answer = silent.Ask<int>("hello?", TimeSpan.FromMilliseconds(200));

        AwaitCondition(() => answer.IsCompleted);
        await Assert.ThrowsAsync<AskTimeoutException>(() => answer);
    }

    [Fact]
    public async Task Status_Failure_becomes_its_exception()
    {
        var failing = Ask(_ => new Status.Failure(new InvalidDataException("no such thing")));

        var answer = failing.Ask<int>("give", TestSystem.Patience);

        AwaitCondition(() => answer.IsCompleted);
        var thrown = await Assert.ThrowsAsync<InvalidDataException>(() => answer);
        Assert.Equal("no such thing", thrown.Message);
    }

    [Fact]
    public async Task Status_Failure_asked_for_as_such_is_an_answer()
    {
        var failing = Ask(_ => new Status.Failure(new InvalidDataException("no such thing")));

        var answer = failing.Ask<Status.Failure>("give", TestSystem.Patience);

        AwaitCondition(() => answer.IsCompleted);
        Assert.IsType<InvalidDataException>((await answer).Cause);
    }

    [Fact]
    public async Task Answer_of_another_type_is_an_ArgumentException()
    {
        var asked = Ask(_ => "text");

        var answer = asked.Ask<int>("number?", TestSystem.Patience);

        AwaitCondition(() => answer.IsCompleted);
        await Assert.ThrowsAsync<ArgumentException>(() => answer);
    }

    [Fact]
    public void Cancelled_question_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        var answer = Ask(_ => null).Ask<int>("hello?", source.Token);

        source.Cancel();

        AwaitCondition(() => answer.IsCompleted);
        Assert.True(answer.IsCanceled);
    }

    private IActorRef Ask(Func<object, object?> answer, string? name = null) =>
        Sys.ActorOf(Props.Create(() => new Answering(answer)), name);

    public sealed class OnThreads() : AskTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : AskTests(TestSystem.OneThread());
#endif

    private sealed class Answering : ReceiveActor
    {
        public Answering(Func<object, object?> answer) => ReceiveAny(message =>
        {
            if (answer(message) is { } given)
            {
                Sender.Tell(given);
            }
        });
    }
}
