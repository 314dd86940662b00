using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Tests.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Traffic;

public sealed class TrafficActorTests : ActorTestKit
{
    private static readonly TrafficMessage.Retarget Deployed = new(new StackHead { Stack = World.Stack, Current = 1 }, [World.Revision(1, World.Service("web") with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] } })]);

    private FleetSnapshot now = World.Hosts("h1", "h2");

    [Fact]
    public void Removed_stack_ends_once_every_host_has_forgotten_it_and_its_tables_are_newer_when_it_is_deployed_again()
    {
        var fleet = CreateTestProbe();
        var traffic = Start(new MemoryStore(), fleet);
        traffic.Tell(Deployed);
        Show(fleet, "h1", "h2");
        traffic.Tell(new TrafficMessage.Remove(World.Stack), TestActor);
        var (stack, removed) = Show(fleet, "h1");
        Watch(stack);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        // Which is as good as if it had forgotten it.
        now = now.With(now.Hosts["h2"] with { State = HostState.Down });
        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now, ChangeScope.Standing));
        ExpectMsg<TrafficMessage.Settled>();
        ExpectTerminated(stack);
        traffic.Tell(new TrafficMessage.GetStanding(World.Stack), TestActor);
        Assert.Equal(0, ExpectMsg<TrafficMessage.StandingReport>().Table.Version);

        traffic.Tell(Deployed);
        var (anew, table) = Show(fleet, "h1");
        Assert.NotEqual(stack, anew);
        Assert.True(table.Version > removed.Version, $"version {table.Version} is not above {removed.Version}, which hosts show");
    }

    [Fact]
    public void Stack_that_is_deployed_again_at_the_very_moment_at_which_it_ends_has_its_table_and_whoever_waits_is_answered()
    {
        var fleet = CreateTestProbe();
        var traffic = Start(new MemoryStore(), fleet);
        traffic.Tell(Deployed);
        var version = Show(fleet, "h1", "h2").Table.Version;
        for (var round = 0; round < 50; round++)
        {
            traffic.Tell(new TrafficMessage.Remove(World.Stack), TestActor);
            Show(fleet, "h1", "h2");
            traffic.Tell(Deployed);
            traffic.Tell(new TrafficMessage.Settle(World.Stack), TestActor);
            var table = Show(fleet, "h1", "h2").Table;
            Assert.True(table.Version > version, $"version {table.Version} is not above {version}");
            version = table.Version;
            ExpectMsg<TrafficMessage.Settled>();
            ExpectMsg<TrafficMessage.Settled>();
        }
    }

    [Fact]
    public void Stack_that_is_told_otherwise_before_it_ends_stays_and_nothing_that_came_meanwhile_is_lost()
    {
        var fleet = CreateTestProbe();
        var traffic = Start(new MemoryStore(), fleet);
        traffic.Tell(Deployed);
        var (stack, _) = Show(fleet, "h1", "h2");
        traffic.Tell(new TrafficMessage.Remove(World.Stack), TestActor);

        // Of an earlier removal.
        traffic.Tell(new TrafficMessage.Emptied(World.Stack, 0));
        traffic.Tell(Deployed);

        Assert.True(Show(fleet, "h1", "h2").Table.IsRemoved);
        var (still, table) = Show(fleet, "h1", "h2");
        Assert.Equal((stack, false), (still, table.IsRemoved));
        ExpectMsg<TrafficMessage.Settled>();
    }

    [Fact]
    public void Roster_lists_a_stack_until_it_is_removed_and_again_when_it_is_deployed_anew()
    {
        var fleet = CreateTestProbe();
        var traffic = Start(new MemoryStore(), fleet);
        Assert.Empty(Roster(fleet));

        var retarget = new TrafficMessage.Retarget(new StackHead { Stack = World.Stack, Current = 1 }, [World.Revision(1, World.Service("web"))]);
        traffic.Tell(retarget);
        Assert.Equal(World.Stack, Assert.Single(Roster(fleet)));
        traffic.Tell(new TrafficMessage.Remove(World.Stack));
        Assert.Empty(Roster(fleet));
        traffic.Tell(retarget);
        Assert.Equal(World.Stack, Assert.Single(Roster(fleet)));
    }

    [Fact]
    public async Task Host_is_told_of_all_stacks_at_once_after_a_start_lest_it_forget_some()
    {
        var (store, fleet) = (new MemoryStore(), CreateTestProbe());
        foreach (var name in (string[])["a", "b", "c"])
        {
            await new StackStore(store).SaveAsync(new StackHead { Stack = name, Current = 1 }, [World.Revision(1, World.Service("web"))], null, []);
        }
        Start(store, fleet);
        Assert.Equal(["a", "b", "c"], Roster(fleet));
    }

    [Fact]
    public async Task Removal_before_all_stacks_are_loaded_waits_lest_hosts_forget_the_others()
    {
        var (store, fleet) = (new FailingStore(), CreateTestProbe());
        foreach (var name in (string[])["a", "b"])
        {
            await new StackStore(store).SaveAsync(new StackHead { Stack = name, Current = 1 }, [World.Revision(1, World.Service("web"))], null, []);
        }
        store.FailedReads = 1;
        Start(store, fleet).Tell(new TrafficMessage.Remove("a"), TestActor);
        Assert.Equal(["a", "b"], Roster(fleet));
        Assert.Equal(["b"], Roster(fleet));
    }

    [Fact]
    public void Stack_whose_actor_was_restarted_is_told_again_what_is_wanted()
    {
        var traffic = Start(new MemoryStore(), CreateTestProbe());
        traffic.Tell(new TrafficMessage.Retarget(new StackHead { Stack = World.Stack, Current = 1 }, [World.Revision(1, World.Service("web"))]));

        traffic.Tell(new TrafficMessage.Restarted("gone"), TestActor);
        traffic.Tell(new TrafficMessage.Restarted(World.Stack), TestActor);

        Assert.Equal(World.Stack, ExpectMsg<TrafficTarget>().Stack);
    }

    private IActorRef Start(IStore store, TestProbe fleet)
    {
        var (stacks, hosts) = (new StackStore(store), fleet.Ref);
        Func<ITrafficExtras> extras = () => new TrafficExtras(ActorRefs.Nobody, new CertificateBook(store, SealKey.Ephemeral()), ActorRefs.Nobody);
        return Sys.ActorOf(Props.Create(() => new TrafficActor(stacks, hosts, extras, ActorRefs.Nobody, false, NullLoggerFactory.Instance)));
    }

    /// <summary>These hosts are sent the next table of the stack, and show it.</summary>
    private (IActorRef Stack, TrafficTable Table) Show(TestProbe fleet, params string[] hosts)
    {
        var (waiting, shown) = (hosts.ToHashSet(StringComparer.Ordinal), (TrafficTable?)null);
        while (true)
        {
            var told = fleet.ExpectMsg<FleetMessage>();
            if (told is FleetMessage.PeekFleet)
            {
                fleet.Reply(now);
            }
            else if (told is FleetMessage.Send { Command: AgentCommand.ApplyTraffic { Table: var table } } send && waiting.Remove(send.Host))
            {
                Assert.Equal(shown?.Version ?? table.Version, table.Version);
                shown = table;
                fleet.Reply(new FleetMessage.Answered(send.Host, send.Command.CommandId, new AgentEvent.TrafficApplied { CommandId = send.Command.CommandId, Stack = table.Stack, Version = table.Version }));
                if (waiting.Count == 0)
                {
                    return (fleet.LastSender, table);
                }
            }
        }
    }

    private static IEnumerable<string> Roster(TestProbe fleet) => fleet.FishForMessage<FleetMessage.Roster>(_ => true).Stacks;
}
