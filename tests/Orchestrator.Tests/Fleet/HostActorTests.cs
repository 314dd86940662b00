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

    [Fact]
    public void Change_of_a_table_is_sent_where_the_version_before_it_is_shown_on_this_connection_and_the_whole_table_anywhere_else()
    {
        var (host, agent) = Connected(takesChanges: true);
        Apply(host, 1);
        Assert.Equal(1, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
        Apply(host, 2);
        Assert.Equal(2, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
        Show(host, 1);
        Apply(host, 3);
        Assert.Equal(3, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
        Show(host, 3);
        Apply(host, 4);
        Assert.Equal((3, 4), agent.ExpectMsg<AgentCommand.ChangeTraffic>().Change is { Base: var before, Version: var after } ? (before, after) : default);

        // Not answered yet.
        Apply(host, 5);
        Assert.Equal(5, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
        Show(host, 5);
        host.Tell(new HostMessage.Disconnect(agent.Ref, "broken"));
        Connect(host, agent, takesChanges: true);
        Assert.Equal(5, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
        Apply(host, 6);
        Assert.Equal(6, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
    }

    [Fact]
    public void Agent_that_has_missed_what_a_change_is_of_is_sent_the_newest_table_whole()
    {
        var (host, agent) = Connected(takesChanges: true);
        Apply(host, 1);
        agent.ExpectMsg<AgentCommand.ApplyTraffic>();
        Show(host, 1);
        Apply(host, 2);
        agent.ExpectMsg<AgentCommand.ChangeTraffic>();
        host.Tell(new AgentEvent.TrafficMissed("traffic/shop"));
        Assert.Equal(2, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
    }

    [Fact]
    public void Agent_that_does_not_know_changes_is_sent_whole_tables()
    {
        var (host, agent) = Connected(takesChanges: false);
        Apply(host, 1);
        agent.ExpectMsg<AgentCommand.ApplyTraffic>();
        Show(host, 1);
        Apply(host, 2);
        Assert.Equal(2, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
    }

    [Fact]
    public void Stack_that_the_agent_has_forgotten_is_forgotten()
    {
        var (host, agent) = Connected(takesChanges: true);
        host.Tell(new HostMessage.Deliver(new AgentCommand.ApplyTraffic { CommandId = "traffic/shop", Table = new TrafficTable { Stack = "shop", Version = 4, IsRemoved = true } }, TestActor));
        agent.ExpectMsg<AgentCommand.ApplyTraffic>();
        Show(host, 4);
        FishForMessage<FleetMessage.Answered>(_ => true);

        // What is shown of it here is known to nobody any more.
        Apply(host, 5);
        Assert.Equal(5, agent.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
    }

    [Fact]
    public void Agent_that_waits_for_a_stack_that_is_removed_is_told_that_it_is()
    {
        var known = World.Host("h1", HostState.Disconnected);
        var host = Sys.ActorOf(Props.Create(() => new HostActor(known, TimeSpan.FromMinutes(1), NullLoggerFactory.Instance)));
        var agent = CreateTestProbe();
        host.Tell(new FleetMessage.Roster(["blog", "shop"]));
        Connect(host, agent, takesChanges: true);
        Assert.Equal("blog shop", string.Join(' ', agent.ExpectMsg<AgentCommand.BeginTraffic>().Stacks));

        host.Tell(new FleetMessage.Roster(["blog"]));

        Assert.Equal(("shop", true), agent.ExpectMsg<AgentCommand.ApplyTraffic>() is { Table: var told } ? (told.Stack, told.IsRemoved) : default);
        host.Tell(new FleetMessage.Roster(["blog"]));
        agent.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Agent_that_connects_anew_before_its_old_link_is_known_to_be_dead_is_sent_again_what_is_under_way()
    {
        var (host, agent) = Connected(takesChanges: true);
        Apply(host, 1);
        agent.ExpectMsg<AgentCommand.ApplyTraffic>();
        host.Tell(new HostMessage.Deliver(new AgentCommand.OpenLogs { CommandId = "logs/1", ContainerId = "c1", Credit = 10 }, TestActor));
        agent.ExpectMsg<AgentCommand.OpenLogs>();

        var anew = CreateTestProbe();
        Connect(host, anew, takesChanges: true);
        agent.ExpectMsg<FleetMessage.SessionReplaced>();
        Assert.Equal(1, anew.ExpectMsg<AgentCommand.ApplyTraffic>().Table.Version);
        Assert.IsType<AgentEvent.LogsEnded>(FishForMessage<FleetMessage.Answered>(a => a.CommandId == "logs/1").Event);
    }

    private (IActorRef Host, TestProbe Agent) Connected(bool takesChanges)
    {
        var known = World.Host("h1", HostState.Disconnected);
        var host = Sys.ActorOf(Props.Create(() => new HostActor(known, TimeSpan.FromMinutes(1), NullLoggerFactory.Instance)));
        var agent = CreateTestProbe();
        Connect(host, agent, takesChanges);
        return (host, agent);
    }

    private void Connect(IActorRef host, TestProbe agent, bool takesChanges)
    {
        host.Tell(new HostMessage.Connect(agent.Ref, TestActor));
        host.Tell(new AgentEvent.InventoryReported(World.Host("h1").Facts! with { TakesTableChanges = takesChanges }, []));
    }

    private void Apply(IActorRef host, long version) => host.Tell(new HostMessage.Deliver(
        new AgentCommand.ApplyTraffic { CommandId = "traffic/shop", Table = new TrafficTable { Stack = "shop", Version = version } },
        TestActor,
        new TableChange { Stack = "shop", Base = version - 1, Version = version }));

    private static void Show(IActorRef host, long version) => host.Tell(new AgentEvent.TrafficApplied { CommandId = "traffic/shop", Stack = "shop", Version = version });
}
