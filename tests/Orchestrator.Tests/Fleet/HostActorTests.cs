using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Fleet;

public sealed class HostActorTests : ActorTestKit
{
    [Fact]
    public void Agent_that_has_forgotten_is_told_everything_again_on_the_same_connection()
    {
        var known = World.Host("h1", HostState.Disconnected);
        var host = Sys.ActorOf(Props.Create(() => new HostActor(known, TimeSpan.FromMinutes(1), NullLoggerFactory.Instance)));
        var agent = CreateTestProbe();
        host.Tell(new HostMessage.Connect(agent.Ref, TestActor));
        host.Tell(new FleetMessage.Roster(["shop"]));
        host.Tell(new AgentEvent.InventoryReported(known.Facts!, []) { HasForgotten = true });
        agent.ExpectMsg<AgentCommand.BeginTraffic>();
        var table = new AgentCommand.ApplyTraffic { CommandId = "traffic/shop", Table = new TrafficTable { Stack = "shop", Version = 3 } };
        host.Tell(new HostMessage.Deliver(table, TestActor));
        agent.ExpectMsg<AgentCommand.ApplyTraffic>();

        host.Tell(new AgentEvent.InventoryReported(known.Facts!, []));
        agent.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        host.Tell(new AgentEvent.InventoryReported(known.Facts!, []) { HasForgotten = true });
        Assert.Equal("shop", Assert.Single(agent.ExpectMsg<AgentCommand.BeginTraffic>().Stacks));
        Assert.Equal(3, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
    }

    [Fact]
    public void Agent_is_excused_once_from_a_stack_that_it_waits_for_and_is_not_told_to_wait_for_it_again()
    {
        var known = World.Host("h1", HostState.Disconnected);
        var host = Sys.ActorOf(Props.Create(() => new HostActor(known, TimeSpan.FromMinutes(1), NullLoggerFactory.Instance)));
        var agent = CreateTestProbe();
        host.Tell(new FleetMessage.Roster(["blog", "mail", "shop"]));
        host.Tell(new HostMessage.Excuse("mail"));
        host.Tell(new HostMessage.Connect(agent.Ref, TestActor));
        host.Tell(new AgentEvent.InventoryReported(known.Facts!, []) { HasForgotten = true });
        Assert.Equal("blog shop", string.Join(' ', agent.ExpectMsg<AgentCommand.BeginTraffic>().Stacks));
        host.Tell(new HostMessage.Excuse("shop"));
        Assert.Equal(("shop", 0L), agent.ExpectMsg<AgentCommand.ApplyTraffic>() is { Table: var excused } ? (excused.Stack, excused.Version) : default);
        host.Tell(new HostMessage.Excuse("shop"));

        host.Tell(new AgentEvent.InventoryReported(known.Facts!, []) { HasForgotten = true });
        Assert.Equal("blog", string.Join(' ', agent.ExpectMsg<AgentCommand.BeginTraffic>().Stacks));
        host.Tell(new HostMessage.Deliver(new AgentCommand.ApplyTraffic { CommandId = "traffic/shop", Table = new TrafficTable { Stack = "shop", Version = 3 } }, TestActor));
        Assert.Equal(3, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);

        host.Tell(new AgentEvent.InventoryReported(known.Facts!, []) { HasForgotten = true });
        Assert.Equal("blog shop", string.Join(' ', agent.ExpectMsg<AgentCommand.BeginTraffic>().Stacks));
    }
}
