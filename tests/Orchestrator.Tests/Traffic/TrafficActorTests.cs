using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Traffic;

public sealed class TrafficActorTests : ActorTestKit
{
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
    public void Stack_whose_actor_was_restarted_is_told_again_what_is_wanted()
    {
        var traffic = Start(new MemoryStore(), CreateTestProbe());
        traffic.Tell(new TrafficMessage.Retarget(new StackHead { Stack = World.Stack, Current = 1 }, [World.Revision(1, World.Service("web"))]));

        traffic.Tell(new TrafficMessage.Restarted("gone"), TestActor);
        traffic.Tell(new TrafficMessage.Restarted(World.Stack), TestActor);

        Assert.Equal(World.Stack, ExpectMsg<TrafficTarget>().Stack);
    }

    private IActorRef Start(MemoryStore store, TestProbe fleet)
    {
        var (stacks, hosts) = (new StackStore(store), fleet.Ref);
        Func<ITrafficExtras> extras = () => new TrafficExtras(ActorRefs.Nobody, new CertificateBook(store, SealKey.Ephemeral()), ActorRefs.Nobody);
        return Sys.ActorOf(Props.Create(() => new TrafficActor(stacks, hosts, extras, ActorRefs.Nobody, false, NullLoggerFactory.Instance)));
    }

    private static IEnumerable<string> Roster(TestProbe fleet) => fleet.FishForMessage<FleetMessage.Roster>(_ => true).Stacks;
}
