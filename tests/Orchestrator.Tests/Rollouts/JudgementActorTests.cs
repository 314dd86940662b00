using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Rollouts;

public sealed class JudgementActorTests : ActorTestKit
{
    private static readonly JudgementCase Case = new(
        "id", "shop", "web", new SloSpec { ErrorRate = 0.01, Window = TimeSpan.FromMilliseconds(50) }, [new RolloutCommand.Judge(1, "h1", 1)], ["new@h1"], ["old@h1"]);

    private readonly TestProbe fleet;

    public JudgementActorTests() => fleet = CreateTestProbe();

    [Fact]
    public void Rise_over_the_window_is_summed_over_hosts_and_judged()
    {
        Begin(World.Hosts("h1", "h2").In("h2", HostState.Ready));
        Count(("h1", 1_000, 500, 100), ("h2", 0, 0, 0));
        Count(("h1", 1_010, 501, 150), ("h2", 20, 1, 50));

        var judged = ExpectMsg<JudgementMessage.Judged>();
        Assert.Equal("new replicas of web answered 6.67 % of 30 requests with an error (limit 1 %; the old ones 0 % of 100)", judged.Verdict.Message);
        Assert.Equal((Case, false, 0), (judged.Case, judged.Verdict.IsPass, judged.LeftOut.Length));
    }

    [Fact]
    public void Host_that_cannot_tell_is_left_out_and_one_that_is_down_not_asked()
    {
        Begin(World.Hosts("h1", "h2", "h3", "h4").In("h3", HostState.Down));
        var asked = Enumerable.Range(0, 3).Select(_ => fleet.ExpectMsg<FleetMessage.Send>()).ToDictionary(s => s.Host);
        Assert.Equal(["h1", "h2", "h4"], asked.Keys.Order());
        Answer(asked["h1"], 0, 0, 0);
        fleet.Reply(new FleetMessage.Answered("h2", asked["h2"].Command.CommandId, new AgentEvent.TrafficCounted { CommandId = asked["h2"].Command.CommandId, Error = "no socket" }));
        fleet.Reply(new FleetMessage.HostLost("h4", asked["h4"].Command.CommandId));
        Count(("h1", 30, 0, 0));

        var judged = ExpectMsg<JudgementMessage.Judged>();
        Assert.Equal((true, null), (judged.Verdict.IsPass, judged.Verdict.Message));
        Assert.Equal("h2 (no socket), h4 (is not connected)", string.Join(", ", judged.LeftOut));
    }

    private void Begin(FleetSnapshot hosts)
    {
        var (test, peer) = (TestActor, (IActorRef)fleet);
        Sys.ActorOf(Props.Create(() => new Parent(test, peer)));
        fleet.ExpectMsg<FleetMessage.PeekFleet>();
        fleet.Reply(hosts);
    }

    private void Count(params (string Host, long Requests, long Errors, long Old)[] hosts)
    {
        var asked = new List<(FleetMessage.Send Send, long Requests, long Errors, long Old)>();
        foreach (var (host, requests, errors, old) in hosts)
        {
            var send = fleet.ExpectMsg<FleetMessage.Send>();
            Assert.Equal((host, "shop"), (send.Host, Assert.IsType<AgentCommand.CountTraffic>(send.Command).Stack));
            asked.Add((send, requests, errors, old));
        }
        foreach (var (send, requests, errors, old) in asked)
        {
            Answer(send, requests, errors, old);
        }
    }

    private void Answer(FleetMessage.Send send, long requests, long errors, long old) =>
        fleet.Reply(new FleetMessage.Answered(send.Host, send.Command.CommandId, new AgentEvent.TrafficCounted
        {
            CommandId = send.Command.CommandId,
            Endpoints = [new EndpointTally("new@h1", requests, errors, []), new EndpointTally("old@h1", old, 0, [])],
        }));

    /// <summary>Stands where the rollout does.</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(IActorRef test, IActorRef fleet)
        {
            Context.ActorOf(Props.Create(() => new JudgementActor(Case, fleet)));
            ReceiveAny(test.Tell);
        }
    }
}
