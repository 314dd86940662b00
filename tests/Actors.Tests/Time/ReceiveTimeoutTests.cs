namespace Orchestrator.Actors.Tests.Time;

public abstract class ReceiveTimeoutTests(ActorSystem system) : ActorTestKit(system)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(200);

    [Fact]
    public void Silence_is_told_and_told_again()
    {
        Sys.ActorOf(Props.Create(() => new Patient(s_limit, TestActor)));

        ExpectMsg<ReceiveTimeout>();
        ExpectMsg<ReceiveTimeout>();
    }

    [Fact]
    public void Null_ends_it()
    {
        var patient = Sys.ActorOf(Props.Create(() => new Patient(s_limit, TestActor)));
        ExpectMsg<ReceiveTimeout>();

        patient.Tell("enough");

        FishForMessage<string>(m => m == "enough");
        ExpectNoMsg(s_limit * 3);
    }

    public sealed class OnThreads() : ReceiveTimeoutTests(TestSystem.Threads());
#if !AKKA
    public sealed class OnOneThread() : ReceiveTimeoutTests(TestSystem.OneThread());
#endif

    private sealed class Patient : ReceiveActor
    {
        public Patient(TimeSpan limit, IActorRef log)
        {
            SetReceiveTimeout(limit);
            Receive<ReceiveTimeout>(log.Tell);
            Receive<string>(m => m == "enough", m =>
            {
                SetReceiveTimeout(null);
                log.Tell(m);
            });
            Receive<string>(log.Tell);
        }
    }
}
