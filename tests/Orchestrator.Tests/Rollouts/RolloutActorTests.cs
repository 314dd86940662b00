using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Rollouts;

/// <summary>The shell of a rollout that is held to its traffic.</summary>
public sealed class RolloutActorTests : ActorTestKit
{
    private static readonly ServiceSpec Web = World.Service("web", "app:v2");

    private readonly MemoryStore store = new();
    private readonly TestProbe fleet;
    private readonly TestProbe traffic;
    private readonly TestProbe networks;
    private RolloutJob job;

    public RolloutActorTests()
    {
        (fleet, traffic, networks) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        traffic.IgnoreMessages<TrafficMessage.Attend>();
        var plan = RolloutRun.Plan(1, new UpdateSpec { Order = UpdateOrder.StartFirst, FailureAction = FailureAction.Pause }) with
        {
            ToRevision = World.IdOf(Web),
            Slo = new SloSpec { ErrorRate = 0.01, Window = TimeSpan.FromMilliseconds(50) },
        };
        job = new RolloutJob("shop/1/web", "shop", plan, World.Revision(2, Web));
    }

    [Fact]
    public void Replica_whose_requests_fail_is_taken_out_of_the_traffic_and_its_old_one_stays()
    {
        Begin();
        Publish();
        Judge(errors: 10);

        var failed = Fish<ChangeEvent.ReplicaFailed>();
        Assert.Equal("new replicas of web answered 10 % of 100 requests with an error (limit 1 %; the old ones 0 % of 100)", failed.Report.Message);
        Assert.Equal((ReplicaStage.Traffic, New), (failed.Report.Stage, traffic.ExpectMsg<TrafficMessage.Drain>().Replica));
        FishForMessage<RolloutMessage.Paused>(_ => true);
    }

    [Fact]
    public void Repair_gives_the_traffic_back_to_what_stays_before_it_takes_a_surplus_out()
    {
        var surplus = job.Plan.Slots[0] with { Action = SlotAction.Remove, Host = null, KeptHost = "h1", Old = [new Placement("h2", "old", Serving: true)] };
        job = job with { IsRepair = true, Plan = job.Plan with { Slo = null, Slots = [surplus] } };
        Begin();

        Assert.Equal((New, "h1"), traffic.ExpectMsg<TrafficMessage.Undrain>() is var undrain ? (undrain.Replica, undrain.Host) : default);
        Assert.Equal(("old", "h2"), traffic.ExpectMsg<TrafficMessage.Drain>() is var drain ? (drain.Replica.Revision, drain.Host) : default);
    }

    [Fact]
    public void Coordinator_that_restarts_while_it_judges_begins_the_judgement_anew()
    {
        var first = Begin();
        Publish();
        Assert.IsType<AgentCommand.CountTraffic>(fleet.FishForMessage<FleetMessage.Send>(_ => true).Command);
        Watch(first);
        Sys.Stop(first);
        FishForMessage<Terminated>(_ => true);

        Begin();
        TellHosts();
        Judge(errors: 0);
        Assert.Equal(New with { Revision = "old" }, traffic.FishForMessage<TrafficMessage.Drain>(_ => true).Replica);
    }

    [Fact]
    public void Replica_that_dies_before_the_old_one_is_drained_has_failed_and_the_old_one_stays_in_the_traffic()
    {
        job = job with { Plan = job.Plan with { Slo = null } };
        Begin();
        PublishOnly();
        var drain = traffic.ExpectMsg<TrafficMessage.Drain>();
        Assert.Equal(new TrafficMessage.Successor(New, "h1", 3), drain.For);

        traffic.Reply(new TrafficMessage.Refused(New, "h1", new FailureReport { Stage = ReplicaStage.Monitor, Message = "exited" }));

        var back = traffic.ExpectMsg<TrafficMessage.SwitchBack>();
        Assert.Equal((drain.Replica, New), (Assert.Single(back.To).Replica, Assert.Single(back.From).Replica));
        FishForMessage<RolloutMessage.Paused>(_ => true);
    }

    [Fact]
    public void What_is_left_beside_a_replica_that_is_kept_leaves_the_traffic_for_that_one()
    {
        var slot = new SlotPlan { Slot = 1, Action = SlotAction.Remove, KeptHost = "h1", Old = [new Placement("h2", "old", Serving: true)] };
        job = job with { Plan = job.Plan with { Slo = null, Slots = [slot] } };
        Begin();
        var drain = traffic.FishForMessage<TrafficMessage.Drain>(_ => true);
        Assert.Equal(new TrafficMessage.Successor(New, "h1", null), drain.For);

        traffic.Reply(new TrafficMessage.Refused(New, "h1", new FailureReport { Stage = ReplicaStage.Monitor, Message = "exited" }));

        Assert.Equal(drain.Replica, traffic.ExpectMsg<TrafficMessage.Undrain>().Replica);
        FishForMessage<RolloutMessage.Paused>(_ => true);
    }

    [Fact]
    public void Plan_that_has_a_slot_twice_ends_in_words()
    {
        job = job with { Plan = job.Plan with { Slots = [.. job.Plan.Slots, .. job.Plan.Slots] } };
        Start();
        var ended = ExpectMsg<RolloutMessage.Ended>();
        Assert.Equal(RolloutOutcome.Failed, ended.Outcome);
        Assert.Contains("the plan of service web has slot 1 2 times", ended.Reason, StringComparison.Ordinal);
        ExpectMsg<RolloutMessage.Recovered>();
    }

    [Fact]
    public async Task Batch_that_is_due_waits_for_hosts_to_be_heard_of_after_a_restart_and_does_not_ask_without_pause()
    {
        var plan = RolloutRun.Plan(2, new UpdateSpec { Order = UpdateOrder.StartFirst, Parallelism = 1, Delay = TimeSpan.FromSeconds(1) }) with { ToRevision = World.IdOf(Web) };
        job = job with { Plan = plan };
        var run = new RolloutRun(plan).Serve(1).Gone(1);
        Assert.Equal(RolloutPhase.Delaying, run.State.Phase);
        await store.CommitAsync([.. run.Events.Select((e, i) => new StoreChange.Put(job.JournalPrefix + i.ToString("D8", CultureInfo.InvariantCulture), JsonSerializer.Serialize(e, StoreJson.Default.RolloutEvent)))], CancellationToken.None);
        var known = World.Hosts("h1", "h2").Run("h1", Web, 1);
        Begin();

        fleet.FishForMessage<FleetMessage.PeekFleet>(_ => true);
        fleet.Reply(known.In("h1", HostState.Unknown));
        fleet.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        fleet.FishForMessage<FleetMessage.PeekFleet>(_ => true);
        fleet.Reply(known);
        Assert.Equal("h2", fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StartReplica).Host);
    }

    [Fact]
    public void Rollout_whose_host_has_no_part_of_a_full_network_ends_in_words_once()
    {
        Span();
        Start();
        TellHosts();
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Refused("shop", ["full"], OverlayAllocations.Empty));

        var ended = ExpectMsg<RolloutMessage.Ended>();
        Assert.Equal(RolloutOutcome.Failed, ended.Outcome);
        Assert.Contains("no part left for h1", ended.Reason, StringComparison.Ordinal);
        ExpectMsg<RolloutMessage.Recovered>();
        networks.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Rollout_goes_on_when_the_network_has_no_part_for_a_host_it_does_not_use()
    {
        Span();
        Start();
        TellHosts();
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Refused("shop", ["full"], Having("h1")));

        var start = Assert.IsType<AgentCommand.StartReplica>(fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StartReplica).Command);
        Assert.Equal("10.0.0.0/25", start.Spec.Overlays["default"].Range);
    }

    [Fact]
    public void Recovery_that_fails_is_tried_again_after_a_pause()
    {
        Span();
        Start();
        TellHosts();
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Refused("shop", ["not stored"]));
        networks.ExpectNoMsg(TimeSpan.FromMilliseconds(200));

        TellHosts();
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Allocated("shop", job.Target!.Spec.Networks, Having("h1")));
        FishForMessage<RolloutMessage.Recovered>(_ => true);
    }

    [Fact]
    public void Host_that_could_not_be_chosen_is_looked_for_again_and_one_without_a_part_of_the_network_is_none()
    {
        Span();
        var parent = Start();
        TellHosts();
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Allocated("shop", job.Target!.Spec.Networks, Having("h1")));
        fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StartReplica);
        fleet.Reply(new FleetMessage.HostLost("h1", null));
        TellHosts("h2", "h3");
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Refused("shop", ["not stored"]));

        TellHosts("h2", "h3");
        networks.ExpectMsg<AllocationMessage.Allocate>();
        networks.Reply(new AllocationMessage.Refused("shop", ["full"], Having("h1", "h3")));
        Assert.Equal("h3", fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StartReplica).Host);
    }

    /// <summary>The service has a network that spans hosts.</summary>
    private void Span()
    {
        var spanned = ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("default", new NetworkSpec { EngineName = "shop_default" });
        var attached = Web with { Container = Web.Container with { Networks = [new NetworkAttachmentSpec { Network = "default", EngineName = "shop_default" }] } };
        job = job with { Target = job.Target! with { Spec = job.Target.Spec with { Services = [attached], Networks = spanned } }, Plan = job.Plan with { Slo = null } };
    }

    private static OverlayAllocations Having(params string[] hosts) => new()
    {
        Networks = OverlayAllocations.Empty.Networks.Add("shop_default", new OverlayAllocation
        {
            Stacks = ["shop"],
            Vni = 1,
            Subnet = "10.0.0.0/24",
            Ranges = hosts.Index().ToImmutableSortedDictionary(h => h.Item, h => $"10.0.0.{128 * h.Index}/25", StringComparer.Ordinal),
        }),
    };

    private ReplicaKey New => new("shop", "web", 1, job.Plan.ToRevision);

    private IActorRef Begin()
    {
        var parent = Start();
        TellHosts();
        return parent;
    }

    private IActorRef Start()
    {
        var (test, peers, work, kept) = (TestActor, new CoordinatorPeers(fleet, traffic, networks), job, store);
        return Sys.ActorOf(Props.Create(() => new Parent(test, work, kept, peers)));
    }

    private void TellHosts()
    {
        TellHosts("h1");
    }

    private void TellHosts(params string[] hosts)
    {
        fleet.FishForMessage<FleetMessage.PeekFleet>(_ => true);
        fleet.Reply(World.Hosts(hosts));
    }

    private void Publish()
    {
        PublishOnly();
        TellHosts();
    }

    private void PublishOnly()
    {
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        var start = fleet.FishForMessage<FleetMessage.Send>(_ => true);
        fleet.Reply(new FleetMessage.Answered("h1", start.Command.CommandId, new AgentEvent.ReplicaPassed(start.Command.CommandId, New)));
        traffic.ExpectMsg<TrafficMessage.Publish>();
        traffic.Reply(new TrafficMessage.Published(New, "h1", Restarts: 3));
    }

    /// <summary>Both replicas get a hundred requests.</summary>
    private void Judge(long errors)
    {
        Count(0, 0);
        Count(100, errors);
    }

    private void Count(long requests, long errors)
    {
        var send = fleet.FishForMessage<FleetMessage.Send>(_ => true);
        fleet.Reply(new FleetMessage.Answered("h1", send.Command.CommandId, new AgentEvent.TrafficCounted
        {
            CommandId = send.Command.CommandId,
            Endpoints = [new EndpointTally(TrafficTables.Id(New, "h1"), requests, errors, []), new EndpointTally(TrafficTables.Id(New with { Revision = "old" }, "h1"), requests, 0, [])],
        }));
    }

    private T Fish<T>()
        where T : ChangeEvent => (T)FishForMessage<RolloutMessage.Reported>(m => m.Event is T).Event;

    /// <summary>Stands where the stack does.</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(IActorRef test, RolloutJob job, IStore store, CoordinatorPeers peers)
        {
            Context.ActorOf(Props.Create(() => new RolloutActor(job, store, peers, NullLoggerFactory.Instance)));
            ReceiveAny(test.Tell);
        }
    }
}
