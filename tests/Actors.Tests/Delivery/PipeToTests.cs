namespace Orchestrator.Actors.Tests.Delivery;

public abstract class PipeToTests(ActorSystem system) : ActorTestKit(system)
{
    [Fact]
    public void Result_arrives_as_a_message()
    {
        var source = new TaskCompletionSource<int>();

        source.Task.PipeTo(TestActor);
        source.SetResult(7);

        ExpectMsg(7);
    }

    [Fact]
    public void Failure_arrives_as_Status_Failure()
    {
        Task.FromException<int>(new InvalidDataException("broken")).PipeTo(TestActor);

        Assert.IsType<InvalidDataException>(ExpectMsg<Status.Failure>().Cause);
    }

    [Fact]
    public void Outcomes_go_through_the_given_functions()
    {
        Task.FromResult(7).PipeTo(TestActor, success: n => $"got {n}", failure: e => e.Message);
        Task.FromException<int>(new InvalidDataException("broken")).PipeTo(TestActor, success: n => $"got {n}", failure: e => e.Message);

        ExpectMsg("got 7");
        ExpectMsg("broken");
    }

    [Fact]
    public void Given_sender_is_the_messages_sender()
    {
        var sender = CreateTestProbe();

        Task.FromResult("done").PipeTo(TestActor, sender.Ref);

        ExpectMsgFrom(sender.Ref, "done");
    }

    [Fact]
    public void Task_without_result_sends_only_what_success_makes()
    {
        Task.CompletedTask.PipeTo(TestActor);
        Task.CompletedTask.PipeTo(TestActor, success: () => "done");

        ExpectMsg("done");
    }

    public sealed class OnThreads() : PipeToTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : PipeToTests(TestSystem.OneThread());
#endif
}
