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
        var (store, hosts) = (new MemoryStore(), fleet.Ref);
        Func<ITrafficExtras> extras = () => new TrafficExtras(ActorRefs.Nobody, new CertificateBook(store, SealKey.Ephemeral()), ActorRefs.Nobody);
        var stacks = new StackStore(store);
        var traffic = Sys.ActorOf(Props.Create(() => new TrafficActor(stacks, hosts, extras, ActorRefs.Nobody, false, NullLoggerFactory.Instance)));
        Assert.Empty(Roster(fleet));

        var retarget = new TrafficMessage.Retarget(new StackHead { Stack = World.Stack, Current = 1 }, [World.Revision(1, World.Service("web"))]);
        traffic.Tell(retarget);
        Assert.Equal(World.Stack, Assert.Single(Roster(fleet)));
        traffic.Tell(new TrafficMessage.Remove(World.Stack));
        Assert.Empty(Roster(fleet));
        traffic.Tell(retarget);
        Assert.Equal(World.Stack, Assert.Single(Roster(fleet)));
    }

    private static IEnumerable<string> Roster(TestProbe fleet) => fleet.FishForMessage<FleetMessage.Roster>(_ => true).Stacks;
}
