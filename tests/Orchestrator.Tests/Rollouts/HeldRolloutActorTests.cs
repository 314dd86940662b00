using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Rollouts;

/// <summary>The shell of a rollout that is held.</summary>
public sealed class HeldRolloutActorTests : ActorTestKit
{
    private static readonly ServiceSpec Web = World.Service("web", "app:v2");

    private readonly MemoryStore store = new();
    private readonly TestProbe fleet;
    private readonly TestProbe traffic;
    private FleetSnapshot now = World.Hosts("h1", "h2");

    public HeldRolloutActorTests()
    {
        (fleet, traffic) = (CreateTestProbe(), CreateTestProbe());
        traffic.IgnoreMessages<TrafficMessage.Attend>();
    }

    [Fact]
    public void Blue_green_starts_nothing_before_it_is_withheld_and_switches_with_one_message()
    {
        var rollout = Begin(Job(StrategyKind.BlueGreen, 2));
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        Assert.Equal(Key(1), traffic.ExpectMsg<TrafficMessage.Withhold>().Replica);
        Assert.Equal(Key(2), traffic.ExpectMsg<TrafficMessage.Withhold>().Replica);
        fleet.ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Stage(rollout, 1);
        Stage(rollout, 2);
        Assert.Equal((null, "2 new replicas are up beside the old ones, out of the traffic; held until `orchestrator promote shop`"), Fish<ChangeEvent.Held>() is var told ? (told.Until, told.Message) : default);
        Assert.Null(FishForMessage<RolloutMessage.Held>(_ => true).Until);

        rollout.Tell(new RolloutMessage.Promote());
        var switched = traffic.ExpectMsg<TrafficMessage.Switch>();
        Assert.Equal([$"{Key(1)} h1", $"{Key(2)} h2"], switched.To.Select(t => $"{t.Replica} {t.Host}"));
        Assert.Equal([$"{Old(1)} h1", $"{Old(2)} h2"], switched.From.Select(f => $"{f.Replica} {f.Host}"));
        Assert.True(Fish<ChangeEvent.Promoted>().OnRequest);
        FishForMessage<RolloutMessage.Continued>(_ => true);
    }

    [Fact]
    public void Resume_is_answered_after_what_it_led_to_and_also_when_there_is_nothing_to_resume()
    {
        var rollout = Begin(Job(StrategyKind.BlueGreen, 1));
        Stage(rollout, 1);
        FishForMessage<RolloutMessage.Held>(_ => true);

        rollout.Tell(new RolloutMessage.Resume());
        ExpectMsg<RolloutMessage.Resumed>();

        rollout.Tell(new RolloutMessage.Pause("paused by alice"));
        FishForMessage<RolloutMessage.Paused>(_ => true);
        rollout.Tell(new RolloutMessage.Resume());
        FishForMessage<RolloutMessage.Continued>(_ => true);
        Assert.Equal("web", ExpectMsg<RolloutMessage.Held>().Service);
        Assert.Equal("web", ExpectMsg<RolloutMessage.Resumed>().Service);
    }

    [Fact]
    public void Switch_that_is_called_off_is_undone_with_one_message_and_again_after_a_restart()
    {
        var job = Job(StrategyKind.BlueGreen, 2);
        var rollout = Begin(job);
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        Stage(rollout, 1);
        Stage(rollout, 2);
        rollout.Tell(new RolloutMessage.Promote());
        traffic.FishForMessage<TrafficMessage.Switch>(_ => true);

        rollout.Tell(new RolloutMessage.Supersede("newer"));
        ExpectSwitchBack();
        FishForMessage<RolloutMessage.Ended>(_ => true);
        Stop(rollout);

        Begin(job);
        ExpectSwitchBack();
    }

    [Fact]
    public void Coordinator_that_restarts_while_it_is_held_holds_it_still_and_switches_all_of_it()
    {
        var job = Job(StrategyKind.BlueGreen, 2);
        BeginHoldAndStop(job);

        var second = Begin(job);
        FishForMessage<RolloutMessage.Held>(_ => true);
        TellFleet();
        FishForMessage<RolloutMessage.Recovered>(_ => true);
        second.Tell(new RolloutMessage.Promote());
        Assert.Equal(2, traffic.FishForMessage<TrafficMessage.Switch>(_ => true).To.Length);
        Stop(second);

        Begin(job);
        Assert.Equal(2, traffic.FishForMessage<TrafficMessage.Switch>(_ => true).From.Length);
    }

    [Fact]
    public void Hold_that_is_over_when_the_coordinator_returns_promotes_nothing_that_has_died_meanwhile()
    {
        var job = Job(StrategyKind.BlueGreen, 2);
        BeginHoldAndStop(job);
        EndHold(job);
        traffic.ReceiveN(2);

        now = now.Run("h1", Web, 1, ReplicaState.Exited, ReplicaHealth.None).Run("h2", Web, 2, ReplicaState.Exited, ReplicaHealth.None);
        Begin(job);
        TellFleet();
        Assert.Equal("2 of 2 replicas failed before the traffic was switched to them", FishForMessage<RolloutMessage.Paused>(_ => true).Reason);
        FishForMessage<RolloutMessage.Recovered>(_ => true);
        traffic.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Staged_replica_that_dies_is_seen_by_the_fleets_word_stopped_and_reacted_to()
    {
        var rollout = Begin(Job(StrategyKind.BlueGreen, 1));
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        Stage(rollout, 1);
        FishForMessage<RolloutMessage.Held>(_ => true);
        rollout.Tell(new FleetMessage.Changed("h1", ["shop"], now = now.Run("h1", Web, 1)));
        rollout.Tell(new FleetMessage.Changed("h1", ["shop"], now.Run("h1", Web, 1, ReplicaState.Exited, ReplicaHealth.None)));
        Assert.Equal(ReplicaStage.Monitor, Fish<ChangeEvent.ReplicaFailed>().Report.Stage);
        var stop = Assert.IsType<AgentCommand.StopReplica>(fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StopReplica).Command);
        Assert.Equal((Key(1), true), (stop.Key, stop.Retain));
        Assert.Equal("1 of 1 replicas failed before the traffic was switched to them", FishForMessage<RolloutMessage.Paused>(_ => true).Reason);
    }

    [Fact]
    public void Hold_of_a_canary_is_told_again_when_its_old_replica_is_gone()
    {
        var rollout = Begin(Job(StrategyKind.Canary, 2));
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        Pass(rollout, 1);
        traffic.ExpectMsg<TrafficMessage.Publish>();
        rollout.Tell(new TrafficMessage.Published(Key(1), "h1"));
        Assert.True(FishForMessage<RolloutMessage.Held>(_ => true).IsBusy);

        rollout.Tell(new TrafficMessage.Drained(Old(1), "h1"));
        var stop = fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StopReplica);
        rollout.Tell(new FleetMessage.Answered("h1", stop.Command.CommandId, new AgentEvent.ReplicaStopped(stop.Command.CommandId, Old(1))));
        Assert.False(FishForMessage<RolloutMessage.Held>(_ => true).IsBusy);
    }

    [Fact]
    public void Canary_that_had_died_when_its_hold_began_is_found_by_a_look_at_the_fleet()
    {
        now = now.Run("h1", Web, 1, ReplicaState.Exited, ReplicaHealth.None);
        var rollout = Begin(Job(StrategyKind.Canary, 2));
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        Pass(rollout, 1);
        traffic.ExpectMsg<TrafficMessage.Publish>();
        rollout.Tell(new TrafficMessage.Published(Key(1), "h1"));
        fleet.FishForMessage<FleetMessage.PeekFleet>(_ => true);
        rollout.Tell(now);
        FishForMessage<RolloutMessage.Paused>(_ => true);
    }

    private static RolloutJob Job(StrategyKind kind, int replicas) => new(
        "shop/1/web",
        "shop",
        RolloutRun.Plan(replicas, new UpdateSpec { Order = UpdateOrder.StartFirst, Parallelism = 0, FailureAction = FailureAction.Pause }) with
        {
            ToRevision = World.IdOf(Web),
            Strategy = new StrategyPlan(kind, kind == StrategyKind.Canary ? 1 : replicas, null),
        },
        World.Revision(2, Web));

    private static ReplicaKey Key(int slot) => new("shop", "web", slot, World.IdOf(Web));

    private static ReplicaKey Old(int slot) => Key(slot) with { Revision = "old" };

    private void ExpectSwitchBack()
    {
        var back = traffic.ExpectMsg<TrafficMessage.SwitchBack>();
        Assert.Equal([$"{Old(1)} h1", $"{Old(2)} h2"], back.To.Select(t => $"{t.Replica} {t.Host}"));
        Assert.Equal([$"{Key(1)} h1", $"{Key(2)} h2"], back.From.Select(f => $"{f.Replica} {f.Host}"));
        traffic.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    /// <summary>Its two slots are staged; then its coordinator is gone.</summary>
    private void BeginHoldAndStop(RolloutJob job)
    {
        var first = Begin(job);
        traffic.ExpectMsg<TrafficMessage.UndrainRevision>();
        Stage(first, 1);
        Stage(first, 2);
        FishForMessage<RolloutMessage.Held>(_ => true);
        Stop(first);
    }

    private IActorRef Begin(RolloutJob job)
    {
        var (peers, kept, test) = (new CoordinatorPeers(fleet, traffic, ActorRefs.Nobody), store, TestActor);
        var parent = Sys.ActorOf(Props.Create(() => new Parent(test, job, kept, peers)));
        var subscribed = fleet.FishForMessage<FleetMessage>(m =>
        {
            if (m is FleetMessage.PeekFleet)
            {
                fleet.Reply(now);
            }
            return m is FleetMessage.Subscribe;
        });
        Assert.True(((FleetMessage.Subscribe)subscribed).Replicas);
        return parent;
    }

    /// <summary>One that recovers in a hold asks for it.</summary>
    private void TellFleet()
    {
        Assert.True(fleet.FishForMessage<FleetMessage.GetFleet>(_ => true).Stack is not null);
        fleet.Reply(now);
    }

    private void EndHold(RolloutJob job)
    {
        var entry = store.ListAsync(job.JournalPrefix, CancellationToken.None).GetAwaiter().GetResult()
            .Single(e => JsonSerializer.Deserialize(e.Value, StoreJson.Default.RolloutEvent) is RolloutEvent.HoldStarted);
        RolloutEvent ended = new RolloutEvent.HoldStarted(World.Start) { At = World.Start };
        store.CommitAsync([new StoreChange.Put(entry.Key, JsonSerializer.Serialize(ended, StoreJson.Default.RolloutEvent))], CancellationToken.None).GetAwaiter().GetResult();
    }

    private void Stop(IActorRef parent)
    {
        Watch(parent);
        Sys.Stop(parent);
        FishForMessage<Terminated>(_ => true);
    }

    private void Stage(IActorRef rollout, int slot)
    {
        rollout.Tell(new TrafficMessage.Withheld(Key(slot)));
        Pass(rollout, slot);
    }

    private void Pass(IActorRef rollout, int slot)
    {
        var start = fleet.FishForMessage<FleetMessage.Send>(s => s.Command is AgentCommand.StartReplica r && r.Key == Key(slot));
        rollout.Tell(new FleetMessage.Answered($"h{slot}", start.Command.CommandId, new AgentEvent.ReplicaPassed(start.Command.CommandId, Key(slot))));
    }

    private T Fish<T>()
        where T : ChangeEvent => (T)FishForMessage<RolloutMessage.Reported>(m => m.Event is T).Event;

    /// <summary>Stands where the stack does; what is not the rollout's own goes to it.</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(IActorRef test, RolloutJob job, IStore store, CoordinatorPeers peers)
        {
            var rollout = Context.ActorOf(Props.Create(() => new RolloutActor(job, store, peers, NullLoggerFactory.Instance)));
            ReceiveAny(m => (Sender.Equals(rollout) ? test : rollout).Tell(m));
        }
    }
}
