using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Hosting;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Security;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Tests.Rollouts;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Changes;

/// <summary>A change whose coordinator ended while it was held, taken up again by another one: what a command on the local engine does, and a daemon that restarts.</summary>
public sealed class HeldChangeTests : ActorTestKit
{
    private const string Held = "held on the way to revision 2: web: 1 new replicas are up beside the old ones, out of the traffic; held until `orchestrator promote shop`; `orchestrator rollback shop` goes back";

    private static readonly ServiceSpec Web = World.Service("web", "app:v2");
    private static readonly StackRevision Target = World.Revision(2, Web) with { State = RevisionState.Running };

    private readonly MemoryStore store = new();
    private readonly TestProbe agents;
    private readonly TestProbe traffic;

    public HeldChangeTests() => (agents, traffic) = (CreateTestProbe(), CreateTestProbe());

    [Fact]
    public async Task Promotion_leads_a_recorded_change_to_its_end()
    {
        var stack = await StartAsync();
        var follower = Ask(stack, new ChangeRequest.Promote { Stack = "shop" });
        Assert.Equal(2, Event<ChangeEvent.Accepted>(follower).TargetRevision);
        Assert.True(Event<ChangeEvent.Promoted>(follower).OnRequest);

        var switched = traffic.FishForMessage<TrafficMessage.Switch>(_ => true);
        traffic.Reply(new TrafficMessage.Published(switched.To[0].Replica, "h1"));
        traffic.FishForMessage<TrafficMessage.Drain>(_ => true);
        traffic.Reply(new TrafficMessage.Drained(switched.From[0].Replica, "h1"));
        Answer(agents.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StopReplica));
        Assert.Equal((ChangeOutcome.Done, 2), Event<ChangeEvent.Ended>(follower) is var ended ? (ended.Outcome, ended.Revision) : default);
    }

    [Fact]
    public async Task Promotion_of_what_is_not_held_is_refused_with_what_is()
    {
        var stack = await StartAsync();
        var refused = Ask(stack, new ChangeRequest.Promote { Stack = "shop", Service = "db" }).ExpectMsg<StackMessage.Rejected>();
        Assert.Equal((CoordinatorErrorKind.Conflict, "service db of stack shop has nothing to promote; held is web: 1 new replicas are up beside the old ones, out of the traffic; held until `orchestrator promote shop`"), (refused.Kind, refused.Message));

        Ask(stack, new ChangeRequest.Promote { Stack = "shop" }).ExpectMsg<StackMessage.Followed>();
        Assert.StartsWith("stack shop has nothing to promote yet; waiting for ", Ask(stack, new ChangeRequest.Promote { Stack = "shop" }).ExpectMsg<StackMessage.Rejected>().Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Promotion_of_a_stack_at_rest_is_refused()
    {
        await new StackStore(store).SaveAsync(new StackHead { Stack = "shop", Current = 1, LastRevision = 1 }, [World.Revision(1, Web)], null, []);
        Assert.Equal("stack shop has nothing to promote: no change is under way", Ask(Start(), new ChangeRequest.Promote { Stack = "shop" }).ExpectMsg<StackMessage.Rejected>().Message);
    }

    [Fact]
    public async Task Who_watches_or_deploys_the_same_file_is_told_that_it_is_held_and_who_waits_follows_on()
    {
        var stack = await StartAsync();
        Assert.Equal((ChangeOutcome.Held, Held), Event<ChangeEvent.Ended>(Ask(stack, new ChangeRequest.Watch { Stack = "shop" })) is var watched ? (watched.Outcome, watched.Message) : default);
        Assert.Equal(ChangeOutcome.Held, Event<ChangeEvent.Ended>(Ask(stack, new ChangeRequest.Deploy { Stack = "shop", Spec = Target.Spec })).Outcome);

        var waiting = Ask(stack, new ChangeRequest.Watch { Stack = "shop", WaitsForPromotion = true });
        Ask(stack, new ChangeRequest.Promote { Stack = "shop", Service = "web" });
        Event<ChangeEvent.Promoted>(waiting);
    }

    [Fact]
    public async Task Abort_removes_what_is_staged_and_its_follower_sees_the_end()
    {
        var stack = await StartAsync();
        var follower = Ask(stack, new ChangeRequest.Abort { Stack = "shop" });
        Drained();
        var stop = agents.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StopReplica);
        Assert.Equal((Key, false), stop.Command is AgentCommand.StopReplica cancel ? (cancel.Key, cancel.Retain) : default);
        Answer(stop);
        Assert.Equal(ChangeOutcome.Aborted, Event<ChangeEvent.Ended>(follower).Outcome);
    }

    [Fact]
    public async Task Newer_deploy_supersedes_what_is_held_and_has_it_removed()
    {
        var stack = await StartAsync();
        var waiting = Ask(stack, new ChangeRequest.Watch { Stack = "shop", WaitsForPromotion = true });
        Ask(stack, new ChangeRequest.Deploy { Stack = "shop", Spec = World.Revision(3, World.Service("web", "app:v3")).Spec });
        var resolve = agents.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.ResolveImage);
        agents.Reply(new FleetMessage.Answered(resolve.Host, resolve.Command.CommandId, new AgentEvent.ImageResolved { CommandId = resolve.Command.CommandId, Pinned = "app:v3" }));
        traffic.FishForMessage<TrafficMessage.CheckListeners>(_ => true);
        traffic.Reply(new TrafficMessage.ListenersChecked([]));
        Drained();
        Answer(agents.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StopReplica));
        Assert.Equal(ChangeOutcome.Superseded, Event<ChangeEvent.Ended>(waiting).Outcome);
    }

    [Fact]
    public async Task Who_only_looks_sees_that_it_is_held()
    {
        Watch(await StartAsync());
        var looking = Start(isPassive: true);
        looking.Tell(new StackMessage.GetState("shop"), TestActor);
        var view = CoordinatorViews.Of(ExpectMsg<StackState>(), World.Hosts("h1"), World.Start);
        Assert.Equal(("held", "web: 1 new replicas are up beside the old ones, out of the traffic; held until `orchestrator promote shop`"), (view.State, view.Detail));
    }

    [Fact]
    public void Change_recorded_before_there_were_holds_is_read()
    {
        var json = JsonSerializer.Serialize(new ChangeRecord { Number = 1, Kind = ChangeKind.Deploy, Started = World.Start, Plan = new Plan { Stack = "shop", TargetRevision = 1 } }, StoreJson.Default.ChangeRecord);
        Assert.Empty(JsonSerializer.Deserialize(json.Replace("\"held\":{},", "", StringComparison.Ordinal), StoreJson.Default.ChangeRecord)!.Held);
    }

    private static ReplicaKey Key => new("shop", "web", 1, World.IdOf(Web));

    /// <summary>The change is held, its record is written.</summary>
    private async Task<IActorRef> StartAsync()
    {
        var plan = RolloutRun.Plan(1, new UpdateSpec { Order = UpdateOrder.StartFirst, FailureAction = FailureAction.Pause }) with { ToRevision = World.IdOf(Web), Strategy = new StrategyPlan(StrategyKind.BlueGreen, 1, null) };
        var record = new ChangeRecord { Number = 1, Kind = ChangeKind.Deploy, Started = World.Start, Plan = new Plan { Stack = "shop", BaseRevision = 1, TargetRevision = 2, Services = [plan] }, RollbackRevision = 1 };
        await new StackStore(store).SaveAsync(new StackHead { Stack = "shop", Current = 2, LastRevision = 2, LastChange = 1 }, [World.Revision(1, World.Service("web")), Target], record, []);
        var events = new RolloutRun(plan).Stage(1).Events;
        await store.CommitAsync([.. events.Select((e, i) => new StoreChange.Put(string.Create(CultureInfo.InvariantCulture, $"stacks/shop/journal/shop/1/web/{i:D8}"), JsonSerializer.Serialize(e, StoreJson.Default.RolloutEvent)))], CancellationToken.None);
        var stack = Start();

        // Answered behind the rollout's word that it is held.
        var known = CreateTestProbe();
        stack.Tell(new StackMessage.Change(new ChangeRequest.Watch { Stack = "shop" }, known.Ref));
        known.FishForMessage<StackMessage.Followed>(f => f.Event is ChangeEvent.Ended);
        return stack;
    }

    private IActorRef Start(bool isPassive = false)
    {
        var hosts = agents.Ref;
        var fleet = Sys.ActorOf(Props.Create(() => new Hosts(hosts)));
        var (options, entries, book, peers) = (new StackOptions { IsPassive = isPassive }, new StackStore(store), new CertificateBook(store, SealKey.Ephemeral()), new CoordinatorPeers(fleet, traffic, ActorRefs.Nobody));
        return Sys.ActorOf(Props.Create(() => new StackActor("shop", options, entries, book, peers, NullLoggerFactory.Instance)));
    }

    private TestProbe Ask(IActorRef stack, ChangeRequest request)
    {
        var follower = CreateTestProbe();
        stack.Tell(new StackMessage.Change(request, follower.Ref));
        return follower;
    }

    private void Answer(FleetMessage.Send stop) =>
        agents.Reply(new FleetMessage.Answered(stop.Host, stop.Command.CommandId, new AgentEvent.ReplicaStopped(stop.Command.CommandId, ((AgentCommand.StopReplica)stop.Command).Key)));

    private static T Event<T>(TestProbe follower)
        where T : ChangeEvent => (T)follower.FishForMessage<StackMessage.Followed>(f => f.Event is T).Event;

    /// <summary>One host on which all runs as it should; commands go to the test.</summary>
    /// <summary>What is called off leaves the traffic before it is stopped.</summary>
    private void Drained()
    {
        var drain = traffic.FishForMessage<TrafficMessage.Drain>(_ => true);
        traffic.Reply(new TrafficMessage.Drained(drain.Replica, drain.Host));
    }

    private sealed class Hosts : ReceiveActor
    {
        public Hosts(IActorRef agents)
        {
            Receive<FleetMessage.PeekFleet>(_ => Sender.Tell(World.Hosts("h1").Run("h1", Web, 1)));
            Receive<FleetMessage.GetFleet>(_ => Sender.Tell(World.Hosts("h1").Run("h1", Web, 1)));
            Receive<FleetMessage.Send>(m => agents.Tell(m, Sender));
            ReceiveAny(_ => { });
        }
    }
}
