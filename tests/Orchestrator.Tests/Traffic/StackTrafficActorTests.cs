using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Tests.Store;
using Orchestrator.Traffic;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Tests.Traffic;

public sealed class StackTrafficActorTests : ActorTestKit
{
    private static readonly ServiceSpec Old = World.Service("web", "app:v1") with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] } };
    private static readonly ServiceSpec New = World.Service("web", "app:v2") with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 81 }] } };

    private readonly FailingStore store = new();
    private readonly TestProbe fleet;
    private IActorRef traffic = ActorRefs.Nobody;
    private IActorRef etcd = ActorRefs.Nobody;
    private FleetSnapshot now = World.Hosts("h1", "h2");

    public StackTrafficActorTests() => fleet = CreateTestProbe();

    [Fact]
    public void Replica_is_published_when_every_host_shows_it_and_each_revision_keeps_its_own_port()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        ReadTables();
        Observe(now = Run(now, "h2", New, "10.0.0.3"));

        traffic.Tell(new TrafficMessage.Publish(Key(New), "h2"), TestActor);
        var table = ReadTables().Last();
        var service = Assert.Single(table.Services);
        Assert.Equal(["10.0.0.2:80 Serving", "10.0.0.3:81 Serving"], service.Endpoints.Select(e => $"{e.Address}:{e.Ports[8080]} {e.State}"));

        Acknowledge("h1", table.Version);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Acknowledge("h2", table.Version);
        Assert.Equal(Key(New), ExpectMsg<TrafficMessage.Published>().Replica);
    }

    [Fact]
    public void Route_whose_port_changes_is_where_each_revision_has_it()
    {
        var route = new RouteSpec { Host = "shop.test", Port = 80 };
        var (old, @new) = (World.Service("web", "app:v1") with { Traffic = new TrafficSpec { Routes = [route] } }, World.Service("web", "app:v2") with { Traffic = new TrafficSpec { Routes = [route with { Port = 81 }] } });
        Start(World.Revision(2, @new), World.Revision(1, old));
        Observe(now = Run(now, "h1", old, "10.0.0.2"));
        ReadTables();
        Observe(now = Run(now, "h2", @new, "10.0.0.3"));

        var service = Assert.Single(ReadTables().Last().Services);
        Assert.Equal(["10.0.0.2:80", "10.0.0.3:81"], service.Endpoints.Select(e => $"{e.Address}:{e.PortOf(Assert.Single(service.Spec.Routes))}"));
    }

    [Fact]
    public void Port_that_only_former_replicas_have_is_told_as_such()
    {
        var moved = World.Service("web", "app:v2") with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 9090, Target = 80 }] } };
        Start(World.Revision(2, moved), World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));

        var service = Assert.Single(ReadTables().Last().Services);
        Assert.Equal([9090, 8080], service.Spec.Ports.Select(p => p.Published));
        Assert.Equal(8080, Assert.Single(service.FormerPorts));
    }

    [Fact]
    public void Replica_is_drained_when_no_host_has_anything_open_to_it_and_stays_out_over_a_restart()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        ReadTables();
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1"), TestActor);
        var table = ReadTables().Last();
        var endpoint = Assert.Single(Assert.Single(table.Services).Endpoints);
        Assert.Equal(EndpointState.Draining, endpoint.State);
        Acknowledge("h1", table.Version, endpoint.Id);
        Acknowledge("h2", table.Version);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Acknowledge("h2", table.Version, endpoint.Id);
        ExpectMsg<TrafficMessage.Drained>();

        Watch(traffic);
        Sys.Stop(traffic);
        ExpectTerminated(traffic);
        Start(World.Revision(1, Old));
        var again = ReadTables().Last();
        Assert.True(again.Version > table.Version, $"version {again.Version} is not above {table.Version}");
        Assert.Equal(EndpointState.Draining, Assert.Single(Assert.Single(again.Services).Endpoints).State);
    }

    [Fact]
    public void Old_replica_stays_when_its_successor_has_exited_since_it_was_published()
    {
        var published = PublishBesideOld();
        Observe(now = now.With(Restarted(now.Hosts["h2"])));

        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", new TrafficMessage.Successor(Key(New), "h2", published.Restarts)), TestActor);

        Assert.Equal("the replica passed its gate, and exited and was started again before the old one left the traffic", ExpectMsg<TrafficMessage.Refused>().Report.Message);
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Serving"], Standing());
    }

    [Fact]
    public void Old_replica_leaves_once_every_host_shows_its_successor()
    {
        RunBesideOld();
        var table = ReadTables().Last();
        Acknowledge("h1", table.Version);
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", new TrafficMessage.Successor(Key(New), "h2", 0)), TestActor);
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Serving"], Standing());

        Acknowledge("h2", table.Version);

        Assert.Equal(["10.0.0.2 Draining", "10.0.0.3 Serving"], Standing());
    }

    [Fact]
    public void Old_replica_stays_when_its_successor_dies_before_the_table_without_the_old_one_is_made()
    {
        var published = PublishBesideOld();

        // Another table that no host shows yet: the next one waits for that.
        traffic.Tell(new TrafficTarget(new StackHead { Stack = World.Stack, Current = 2, InMaintenance = ["web"] }, [World.Revision(2, New), World.Revision(1, Old)]));
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", new TrafficMessage.Successor(Key(New), "h2", published.Restarts)), TestActor);
        Observe(now = now.With(Restarted(now.Hosts["h2"])));

        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Serving"], Standing());
        ExpectMsg<TrafficMessage.Refused>();
    }

    [Fact]
    public void Old_replica_stays_when_the_host_of_its_successor_is_lost_before_every_host_shows_that()
    {
        RunBesideOld();
        var table = ReadTables().Last();
        Acknowledge("h1", table.Version);
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", new TrafficMessage.Successor(Key(New), "h2", 0)), TestActor);

        Observe(now = now.In("h2", HostState.Down));

        Assert.Equal(["10.0.0.2 Serving"], Standing());
    }

    [Fact]
    public void Old_replica_does_not_leave_with_the_very_table_by_which_its_successor_comes_back()
    {
        RunBesideOld();
        AcknowledgeAll("h1");
        AcknowledgeAll("h2");
        var healthy = now;
        Observe(now = now.With(Unhealthy(now.Hosts["h2"])));
        AcknowledgeAll("h1");
        AcknowledgeAll("h2");
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", new TrafficMessage.Successor(Key(New), "h2", 0)), TestActor);

        Observe(now = healthy);
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Serving"], Standing());

        AcknowledgeAll("h1");
        AcknowledgeAll("h2");
        Assert.Equal(["10.0.0.2 Draining", "10.0.0.3 Serving"], Standing());
    }

    [Fact]
    public void What_serves_again_is_durable_before_the_hosts_have_shown_the_table_before()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1"), TestActor);
        Standing(out _);
        traffic.Tell(new TrafficMessage.Undrain(Key(Old), "h1"));

        // Handled behind it, and before there is another table.
        Watch(traffic);
        traffic.Tell(PoisonPill.Instance);
        ExpectTerminated(traffic);
        Assert.Empty(Kept().Draining);
    }

    [Fact]
    public void Host_that_is_lost_and_back_before_another_table_is_sent_the_newest_again()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        var newest = ReadTables().Last().Version;
        Observe(now = now.In("h2", HostState.Down));
        Observe(now = now.In("h2", HostState.Ready));
        Assert.Equal([$"h2 {newest}"], Sent().Select(s => $"{s.Host} {TableOf(s).Version}"));
    }

    [Fact]
    public void Host_that_has_shown_a_stack_is_waited_for_by_a_coordinator_that_is_started_anew()
    {
        var quiet = World.Service("web", "app:v1");
        now = Sparing(World.Hosts("h1", "h2", "h3"));
        Start(World.Revision(1, quiet));
        Observe(now = Run(now, "h1", quiet, "10.0.0.2"));
        traffic.Tell(new TrafficMessage.Attend(World.Stack, "h2"));
        Standing(out var before);
        Watch(traffic);
        Sys.Stop(traffic);
        ExpectTerminated(traffic);
        fleet.ReceiveWhile<FleetMessage>(null, TimeSpan.FromMilliseconds(50), m => m as FleetMessage);

        Start(World.Revision(1, quiet));
        Standing(out var after);
        Assert.Equal(["h1", "h2"], before);
        Assert.Equal(before, after);
    }

    [Fact]
    public async Task Every_host_is_waited_for_where_the_store_does_not_say_who_shows_the_stack()
    {
        await store.CommitAsync([new StoreChange.Put("traffic/shop", """{"version":3,"draining":[]}""")], CancellationToken.None);
        now = Sparing(now);
        Start(World.Revision(1, World.Service("web", "app:v1")));
        Standing(out var behind);
        Assert.Equal(["h1", "h2"], behind);
    }

    [Fact]
    public void Start_that_is_called_off_is_kept_when_it_serves_and_its_slot_has_nothing_else()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", UnlessLast: true), TestActor);
        Assert.Equal(Key(Old), ExpectMsg<TrafficMessage.Kept>().Replica);
    }

    [Fact]
    public void Start_that_is_called_off_before_every_host_has_been_heard_of_is_decided_on_when_they_have()
    {
        now = Run(World.Hosts("h1", "h2"), "h1", Old, "10.0.0.2").In("h2", HostState.Unknown);
        Start(World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", UnlessLast: true), TestActor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Observe(now = now.In("h2", HostState.Ready));
        Assert.Equal(["10.0.0.2 Serving"], Standing());
        Assert.Equal(Key(Old), ExpectMsg<TrafficMessage.Kept>().Replica);
    }

    [Fact]
    public void Start_that_is_called_off_leaves_when_a_host_that_was_not_heard_of_has_another_of_its_slot()
    {
        now = Run(World.Hosts("h1", "h2"), "h2", New, "10.0.0.3").In("h1", HostState.Unknown);
        Start(World.Revision(2, New), World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.Drain(Key(New), "h2", UnlessLast: true), TestActor);
        Observe(now = Run(now.In("h1", HostState.Ready), "h1", Old, "10.0.0.2"));
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Draining"], Standing());
    }

    [Fact]
    public void Of_two_of_a_slot_that_are_called_off_together_one_is_kept()
    {
        RunBesideOld();
        traffic.Tell(new TrafficMessage.Drain(Key(New), "h2", UnlessLast: true), TestActor);
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1", UnlessLast: true), TestActor);
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Draining"], Standing());
        Assert.Equal(Key(Old), ExpectMsg<TrafficMessage.Kept>().Replica);
    }

    [Fact]
    public void Replica_that_is_drained_again_on_a_host_that_was_given_up_waits_with_the_others_of_its_slot()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        Observe(now = Run(Run(now, "h1", Old, "10.0.0.2"), "h1", New, "10.0.0.3"));
        ReadTables();
        var (first, second) = (TrafficTables.Id(Key(Old), "h1"), TrafficTables.Id(Key(New), "h1"));
        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now = now.In("h2", HostState.Down), ChangeScope.Standing));
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1"), TestActor);
        traffic.Tell(new TrafficMessage.Drain(Key(New), "h1"), TestActor);
        AcknowledgeAll("h1", first);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now = now.In("h2", HostState.Ready), ChangeScope.Standing));
        AcknowledgeAll("h2", second);
        AcknowledgeAll("h1", first, second);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        AcknowledgeAll("h2", first, second);
        Assert.Equal([Key(Old), Key(New)], [ExpectMsg<TrafficMessage.Drained>().Replica, ExpectMsg<TrafficMessage.Drained>().Replica]);
    }

    [Fact]
    public void Host_that_has_nothing_of_a_stack_is_told_so_once_and_sent_none_of_its_tables_however_often_they_change()
    {
        var quiet = World.Service("web", "app:v1");
        now = Sparing(World.Hosts("h1", "h2", "h3"));
        Start(World.Revision(1, quiet));
        Observe(now = Run(now, "h1", quiet, "10.0.0.2"));
        traffic.Tell(new TrafficMessage.Publish(Key(quiet), "h1"), TestActor);
        AcknowledgeAll("h1");
        ExpectMsg<TrafficMessage.Published>();
        traffic.Tell(new TrafficMessage.Drain(Key(quiet), "h1"), TestActor);
        AcknowledgeAll("h1", TrafficTables.Id(Key(quiet), "h1"));
        ExpectMsg<TrafficMessage.Drained>();

        Assert.Equal(["h1"], Sent().Select(s => s.Host).Distinct());

        // h1 as long as it had nothing of it.
        Assert.Equal(["h1", "h2", "h3"], excused);
    }

    [Fact]
    public void Host_without_the_stack_that_was_down_and_is_back_is_told_nothing_of_it()
    {
        var quiet = World.Service("web", "app:v1");
        now = Sparing(World.Hosts("h1", "h2", "h3"));
        Start(World.Revision(1, quiet));
        Observe(now = Run(now, "h1", quiet, "10.0.0.2"));
        AcknowledgeAll("h1");
        var before = Sent().Count;

        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now = now.In("h2", HostState.Down), ChangeScope.Standing));
        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now = now.In("h2", HostState.Ready), ChangeScope.Standing));
        Assert.Equal(before, Sent().Count);
        Assert.Equal(["h1", "h2", "h3"], excused);
    }

    [Fact]
    public void Host_that_shows_the_stack_and_was_down_is_sent_its_table_again_when_it_is_back_without_a_replica_of_it()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        var version = ReadTables().Last().Version;
        AcknowledgeAll("h1");
        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now = now.In("h2", HostState.Down), ChangeScope.Standing));
        Standing(out var behind);
        Assert.Empty(behind);

        traffic.Tell(new TrafficMessage.FleetChanged("h2", [], now = now.In("h2", HostState.Ready), ChangeScope.Standing));
        Assert.Equal("h2", fleet.ExpectMsg<FleetMessage.Send>(s => TableOf(s).Version == version).Host);
    }

    [Fact]
    public void Host_that_is_to_have_a_container_is_shown_the_stack_first_and_waited_for()
    {
        var quiet = World.Service("web", "app:v1");
        now = Sparing(now);
        Start(World.Revision(1, quiet));
        Observe(now = Run(now, "h1", quiet, "10.0.0.2"));
        AcknowledgeAll("h1");
        traffic.Tell(new TrafficMessage.Attend(World.Stack, "h2"));
        var newest = Standing(out var behind);
        Assert.Equal(["h2"], behind);
        Assert.Contains(Sent(), s => s.Host == "h2" && TableOf(s).Version == newest);

        traffic.Tell(new TrafficMessage.Drain(Key(quiet), "h1"), TestActor);
        AcknowledgeAll("h1", TrafficTables.Id(Key(quiet), "h1"));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        AcknowledgeAll("h2", TrafficTables.Id(Key(quiet), "h1"));
        ExpectMsg<TrafficMessage.Drained>();
    }

    [Fact]
    public void Etcd_is_waited_for_as_a_host_is_and_a_draining_replica_keeps_its_drain_timeout_there()
    {
        var sink = CreateTestProbe();
        etcd = sink.Ref;
        var service = Old with { Deploy = Old.Deploy with { DrainTimeout = TimeSpan.FromMilliseconds(200) } };
        Start(World.Revision(1, service));
        Observe(now = Run(now, "h1", service, "10.0.0.2"));
        ReadTables();
        traffic.Tell(new TrafficMessage.Drain(Key(service), "h1"), TestActor);
        var table = ReadTables().Last();
        var endpoint = Assert.Single(Assert.Single(table.Services).Endpoints);
        Acknowledge("h1", table.Version, endpoint.Id);
        Acknowledge("h2", table.Version, endpoint.Id);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        sink.FishForMessage<EtcdSinkMessage.Apply>(a => a.Version == table.Version);
        sink.Reply(new EtcdSinkMessage.Applied("shop", table.Version));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        ExpectMsg<TrafficMessage.Drained>();
    }

    [Fact]
    public void Replica_that_is_drained_again_has_all_its_drain_timeout_in_etcd_again()
    {
        var sink = CreateTestProbe();
        etcd = sink.Ref;
        var service = Old with { Deploy = Old.Deploy with { DrainTimeout = TimeSpan.FromMilliseconds(300) } };
        Start(World.Revision(1, service));
        Observe(now = Run(now, "h1", service, "10.0.0.2"));
        ReadTables();
        traffic.Tell(new TrafficMessage.Drain(Key(service), "h1"), TestActor);
        var first = ReadTables().Last();
        sink.FishForMessage<EtcdSinkMessage.Apply>(a => a.Version == first.Version);
        sink.Reply(new EtcdSinkMessage.Applied("shop", first.Version));
        traffic.Tell(new TrafficMessage.Undrain(Key(service), "h1"), TestActor);
        ReadTables();
        traffic.Tell(new TrafficMessage.Drain(Key(service), "h1"), TestActor);
        var again = ReadTables().Last();
        Acknowledge("h1", again.Version, Assert.Single(again.Services[0].Endpoints).Id);
        Acknowledge("h2", again.Version, Assert.Single(again.Services[0].Endpoints).Id);
        ExpectNoMsg(TimeSpan.FromMilliseconds(350));

        sink.FishForMessage<EtcdSinkMessage.Apply>(a => a.Version == again.Version);
        sink.Reply(new EtcdSinkMessage.Applied("shop", again.Version));
        ExpectNoMsg(TimeSpan.FromMilliseconds(150));
        ExpectMsg<TrafficMessage.Drained>();
    }

    [Fact]
    public void Nothing_is_sent_or_answered_before_every_known_host_has_been_heard_of()
    {
        now = now.In("h2", HostState.Unknown);
        Start(World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1"), TestActor);
        fleet.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Problem_that_no_waiting_cures_refuses_the_replica_with_its_words()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        traffic.Tell(new TrafficMessage.Publish(Key(Old), "h1"), TestActor);
        var table = ReadTables().Last();
        traffic.Tell(new FleetMessage.Answered("h2", "traffic/shop", new AgentEvent.TrafficApplied
        {
            CommandId = "traffic/shop",
            Stack = "shop",
            Version = table.Version - 1,
            Problems = [new TrafficProblem("ingress", "port 8080 belongs to nginx", IsFinal: true)],
        }));
        var refused = ExpectMsg<TrafficMessage.Refused>();
        Assert.Equal((ReplicaStage.Traffic, "host h2: ingress: port 8080 belongs to nginx"), (refused.Report.Stage, refused.Report.Message));
    }

    [Fact]
    public void Replica_without_any_address_needs_no_publishing()
    {
        Start(World.Revision(1, Old));
        Observe(now = now.Run("h1", Old, 1));
        traffic.Tell(new TrafficMessage.Publish(Key(Old), "h1"), TestActor);
        ExpectMsg<TrafficMessage.Published>();
    }

    [Fact]
    public void Stack_that_leaves_is_told_to_every_host_and_settles_when_they_show_it()
    {
        Start(World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        ReadTables();
        traffic.Tell(new TrafficMessage.Remove("shop"), TestActor);
        var table = ReadTables().Last();
        Assert.True(table.IsRemoved);
        Acknowledge("h1", table.Version);
        Acknowledge("h2", table.Version);
        ExpectMsg<TrafficMessage.Settled>();
    }

    [Fact]
    public void Listener_of_another_stack_collides_and_shared_http_ports_do_not()
    {
        var port = Listener.Of(new StackSpec { Name = "a", Services = [Old] });
        var routed = World.Service("web") with { Traffic = new TrafficSpec { Routes = [new RouteSpec { Host = "a.example", Port = 80, HttpPort = 8080 }] } };
        var other = World.Service("api") with { Traffic = new TrafficSpec { Routes = [new RouteSpec { Host = "b.example", Port = 80, HttpPort = 8080 }] } };
        var first = Listener.Of(new StackSpec { Name = "b", Services = [routed] });
        var second = Listener.Of(new StackSpec { Name = "c", Services = [other] });

        Assert.True(port.Any(p => port.Any(p.CollidesWith)), "the same port twice");
        Assert.True(first.Any(f => first.Any(f.CollidesWith)), "the same route twice");
        Assert.DoesNotContain(first, f => second.Any(f.CollidesWith));
        Assert.Contains(first, f => port.Any(f.CollidesWith));
    }

    [Fact]
    public void Withheld_replica_is_in_no_table_over_a_restart_and_switched_to_with_the_one_that_drains_the_old()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        Observe(now = Run(now, "h1", Old, "10.0.0.2"));
        ReadTables();
        traffic.Tell(new TrafficMessage.Withhold(Key(New)), TestActor);
        Assert.Equal(Key(New), ExpectMsg<TrafficMessage.Withheld>().Replica);
        Observe(now = Run(now, "h2", New, "10.0.0.3"));
        Assert.Equal(["10.0.0.2 Serving"], Standing());

        Watch(traffic);
        Sys.Stop(traffic);
        ExpectTerminated(traffic);
        Start(World.Revision(2, New), World.Revision(1, Old));
        var before = ReadTables().Last();
        Assert.Equal(["10.0.0.2 Serving"], Standing());

        traffic.Tell(new TrafficMessage.Switch([(Key(New), "h2")], [(Key(Old), "h1")]), TestActor);
        var table = ReadTables().Last();
        Assert.Equal(before.Version + 1, table.Version);
        Assert.Equal(["10.0.0.2 Draining", "10.0.0.3 Serving"], Standing());

        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1"), TestActor);
        var old = Assert.Single(table.Services).Endpoints.Single(e => e.State == EndpointState.Draining).Id;
        Acknowledge("h1", table.Version, old);
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Acknowledge("h2", table.Version, old);
        Assert.Equal(Key(New), ExpectMsg<TrafficMessage.Published>().Replica);
        Assert.Equal(Key(Old), ExpectMsg<TrafficMessage.Drained>().Replica);
    }

    [Fact]
    public void Rollout_that_begins_withholds_only_what_an_earlier_one_left_running_of_another_revision()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.Withhold(Key(New)), TestActor);
        traffic.Tell(new TrafficMessage.Withhold(Key(Old)), TestActor);
        traffic.Tell(new TrafficMessage.Withhold(Key(New) with { Slot = 2 }), TestActor);
        traffic.Tell(new TrafficMessage.Withhold(Key(New) with { Service = "web-api" }), TestActor);
        ReceiveN(4);
        Observe(now = Run(Run(now, "h1", Old, "10.0.0.2"), "h2", New, "10.0.0.3"));
        Assert.Empty(Standing());

        traffic.Tell(new TrafficMessage.UndrainRevision(World.Stack, "web", World.IdOf(Old), []));
        Assert.Equal(["10.0.0.2 Serving"], Standing());
        Assert.Equal([TrafficTables.Name(Key(New) with { Service = "web-api" }), TrafficTables.Name(Key(New))], Kept().Withheld);
    }

    [Fact]
    public void Slots_that_a_rollout_switches_stay_out_of_the_traffic_until_it_does()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.Withhold(Key(New)), TestActor);
        ReceiveN(1);
        Observe(now = Run(Run(now, "h1", Old, "10.0.0.2"), "h2", New, "10.0.0.3"));

        traffic.Tell(new TrafficMessage.UndrainRevision(World.Stack, "web", World.IdOf(New), [1]));
        Assert.Equal(["10.0.0.2 Serving"], Standing());
        traffic.Tell(new TrafficMessage.Switch([(Key(New), "h2")], [(Key(Old), "h1")]), TestActor);
        Assert.Equal(["10.0.0.2 Draining", "10.0.0.3 Serving"], Standing());
    }

    [Fact]
    public void Switch_takes_out_what_a_host_that_was_away_has_of_its_slots()
    {
        Stage();
        Observe(now = Run(Run(now, "h2", New, "10.0.0.3"), "h2", Old, "10.0.0.4"));
        traffic.Tell(new TrafficMessage.Switch([(Key(New), "h2")], [(Key(Old), "h1")]), TestActor);
        Assert.Equal(["10.0.0.2 Draining", "10.0.0.3 Serving", "10.0.0.4 Draining"], Standing().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_is_switched_from_before_everything_that_is_switched_to_serves()
    {
        Stage();
        traffic.Tell(new TrafficMessage.Switch([(Key(New), "h2")], [(Key(Old), "h1")]), TestActor);
        Assert.Equal(["10.0.0.2 Serving"], Standing());
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        Observe(now = Run(now, "h2", New, "10.0.0.3"));
        Assert.Equal(["10.0.0.2 Draining", "10.0.0.3 Serving"], Standing());
        var table = ReadTables().Last();
        Acknowledge("h1", table.Version);
        Acknowledge("h2", table.Version);
        Assert.Equal(Key(New), ExpectMsg<TrafficMessage.Published>().Replica);
    }

    [Fact]
    public void Switch_is_undone_with_one_table_and_the_new_replica_is_drained()
    {
        var switched = Switch();
        traffic.Tell(new TrafficMessage.SwitchBack([(Key(Old), "h1")], [(Key(New), "h2")]), TestActor);
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Draining"], Standing());
        var back = ReadTables();
        Assert.All(back, t => Assert.Equal(switched + 1, t.Version));

        var gone = Assert.Single(back[0].Services).Endpoints.Single(e => e.State == EndpointState.Draining).Id;
        Acknowledge("h1", switched + 1, gone);
        Acknowledge("h2", switched + 1, gone);
        Assert.Equal(Key(New), ExpectMsg<TrafficMessage.Drained>().Replica);
    }

    [Fact]
    public void Switch_that_is_undone_keeps_the_new_replica_in_the_traffic_when_the_old_one_is_gone()
    {
        Switch();
        Observe(now = now.With(World.Hosts("h1").Hosts["h1"]));
        traffic.Tell(new TrafficMessage.SwitchBack([(Key(Old), "h1")], [(Key(New), "h2")]), TestActor);
        Assert.Equal(["10.0.0.3 Serving"], Standing());
        Assert.Equal(Key(New), ExpectMsg<TrafficMessage.Kept>().Replica);
    }

    [Fact]
    public void Switch_that_is_undone_takes_no_traffic_from_a_replica_that_is_published_again()
    {
        now = now.In("h2", HostState.Unknown);
        Start(World.Revision(2, New), World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.SwitchBack([(Key(Old), "h1")], [(Key(New), "h2")]), TestActor);
        traffic.Tell(new TrafficMessage.Publish(Key(New), "h2"), TestActor);
        Observe(now = Run(Run(World.Hosts("h1", "h2"), "h1", Old, "10.0.0.2"), "h2", New, "10.0.0.3"));
        Assert.Equal(["10.0.0.2 Serving", "10.0.0.3 Serving"], Standing());
    }

    [Fact]
    public void Switch_that_waits_forgets_a_slot_whose_rollout_goes_back()
    {
        Stage();
        traffic.Tell(new TrafficMessage.Switch([(Key(New), "h2")], [(Key(Old), "h1")]), TestActor);
        traffic.Tell(new TrafficMessage.Undrain(Key(Old), "h1"), TestActor);
        Observe(now = Run(now, "h2", New, "10.0.0.3"));
        Assert.Equal(["10.0.0.2 Serving"], Standing());
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Replica_on_a_host_that_is_down_is_withheld_still_when_a_rollout_begins()
    {
        Stage();
        Observe(now = now.In("h2", HostState.Down));
        traffic.Tell(new TrafficMessage.UndrainRevision(World.Stack, "web", World.IdOf(Old), []));
        Assert.Equal(["10.0.0.2 Serving"], Standing());
        Observe(now = Run(now.In("h2", HostState.Ready), "h2", New, "10.0.0.3"));
        Assert.Equal(["10.0.0.2 Serving"], Standing());
    }

    [Fact]
    public void Marks_from_before_anything_was_withheld_are_read()
    {
        var marks = System.Text.Json.JsonSerializer.Deserialize("""{"version":3,"draining":["a@h1"]}""", StoreJson.Default.TrafficMarks)!;
        Assert.Equal((3, 1, 0), (marks.Version, marks.Draining.Count, marks.Withheld.Count));
    }

    /// <summary>The old one serves; the new one is withheld, and its host has not told of its passed gate.</summary>
    private void Stage()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        traffic.Tell(new TrafficMessage.Withhold(Key(New)), TestActor);
        ExpectMsg<TrafficMessage.Withheld>();
        Observe(now = Run(now, "h1", Old, "10.0.0.2").Run("h2", New, 1, ReplicaState.Starting, ReplicaHealth.Starting));
        ReadTables();
    }

    [Fact]
    public void Store_that_fails_for_a_while_delays_the_table_and_who_waits_is_answered()
    {
        PublishBesideOld();
        store.Failures = 3;
        traffic.Tell(new TrafficMessage.Drain(Key(Old), "h1"), TestActor);
        traffic.Tell(new TrafficMessage.Withhold(Key(New) with { Slot = 2 }), TestActor);
        traffic.Tell(new TrafficMessage.Settle(World.Stack), TestActor);
        fleet.ExpectNoMsg(TimeSpan.FromMilliseconds(100));

        Assert.Equal(2, ExpectMsg<TrafficMessage.Withheld>().Replica.Slot);
        var table = ReadTables().Last();
        var drained = Assert.Single(table.Services[0].Endpoints, e => e.State == EndpointState.Draining);
        Assert.Contains(drained.Id, Kept().Draining);
        AcknowledgeAll("h1", drained.Id);
        AcknowledgeAll("h2", drained.Id);
        Assert.Equal(Key(Old), ExpectMsg<TrafficMessage.Drained>().Replica);
        Assert.Equal(table.Version, ExpectMsg<TrafficMessage.Settled>().Version);
    }

    [Fact]
    public void Stack_is_forgotten_when_the_store_that_failed_works_again()
    {
        Start(World.Revision(1, Old));
        ReadTables();
        store.Failures = 1;
        traffic.Tell(new TrafficMessage.Remove(World.Stack), TestActor);

        Assert.True(TableOf(fleet.FishForMessage<FleetMessage.Send>(_ => true)).IsRemoved);
    }

    /// <summary>From the old replica to the staged one.</summary>
    /// <returns>The version of that table, which both hosts have been sent.</returns>
    private long Switch()
    {
        Stage();
        traffic.Tell(new TrafficMessage.Switch([(Key(New), "h2")], [(Key(Old), "h1")]), TestActor);
        Observe(now = Run(now, "h2", New, "10.0.0.3"));
        return ReadTables().Last().Version;
    }

    /// <summary>The old replica on h1, its successor on h2.</summary>
    private void RunBesideOld()
    {
        Start(World.Revision(2, New), World.Revision(1, Old));
        Observe(now = Run(Run(now, "h1", Old, "10.0.0.2"), "h2", New, "10.0.0.3"));
    }

    /// <summary>As <see cref="RunBesideOld"/>, and every host shows both.</summary>
    private TrafficMessage.Published PublishBesideOld()
    {
        RunBesideOld();
        traffic.Tell(new TrafficMessage.Publish(Key(New), "h2"), TestActor);
        var table = ReadTables().Last();
        Acknowledge("h1", table.Version);
        Acknowledge("h2", table.Version);
        return ExpectMsg<TrafficMessage.Published>();
    }

    private static HostSnapshot Restarted(HostSnapshot host) => host with { Replicas = host.Replicas.ToImmutableSortedDictionary(r => r.Key, r => r.Value with { RestartCount = r.Value.RestartCount + 1 }, StringComparer.Ordinal) };

    private static HostSnapshot Unhealthy(HostSnapshot host) => host with { Replicas = host.Replicas.ToImmutableSortedDictionary(r => r.Key, r => r.Value with { Health = ReplicaHealth.Unhealthy }, StringComparer.Ordinal) };

    private TrafficMarks Kept() =>
        System.Text.Json.JsonSerializer.Deserialize(store.GetAsync("traffic/shop", CancellationToken.None).GetAwaiter().GetResult()!.Value, StoreJson.Default.TrafficMarks)!;

    private IEnumerable<string> Standing() =>
        traffic.Ask<TrafficMessage.StandingReport>(new TrafficMessage.GetStanding(World.Stack), TimeSpan.FromSeconds(5)).GetAwaiter().GetResult()
            .Table.Services.SelectMany(s => s.Endpoints).Select(e => $"{e.Address} {e.State}");

    /// <summary>Nothing on these hosts asks for the tables of every stack.</summary>
    private static FleetSnapshot Sparing(FleetSnapshot fleet) => fleet.Hosts.Values.Aggregate(fleet, (all, host) => all.With(host with { Facts = host.Facts! with { ShowsEveryTable = false } }));

    private readonly List<FleetMessage.Send> sent = [];

    private readonly List<string> excused = [];

    private List<FleetMessage.Send> Sent()
    {
        Standing(out _);
        var told = fleet.ReceiveWhile<FleetMessage>(null, TimeSpan.FromMilliseconds(50), m => m as FleetMessage);
        sent.AddRange(told.OfType<FleetMessage.Send>());
        excused.AddRange(told.OfType<FleetMessage.Excuse>().SelectMany(e => e.Hosts));
        return sent;
    }

    private static TrafficTable TableOf(FleetMessage.Send send) => Assert.IsType<AgentCommand.ApplyTraffic>(send.Command).Table;

    /// <returns>The newest version.</returns>
    private long Standing(out string[] behind)
    {
        var report = traffic.Ask<TrafficMessage.StandingReport>(new TrafficMessage.GetStanding(World.Stack), TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        behind = [.. report.Behind.Keys];
        return report.Table.Version;
    }

    /// <summary>What the host has been sent until now.</summary>
    private void AcknowledgeAll(string host, params string[] drained) => Acknowledge(host, Standing(out _), drained);

    private static ReplicaKey Key(ServiceSpec service) => new(World.Stack, service.Name, 1, World.IdOf(service));

    private static FleetSnapshot Run(FleetSnapshot fleet, string host, ServiceSpec service, string address)
    {
        var running = fleet.Run(host, service, 1);
        var there = running.Hosts[host];
        var name = Key(service).ContainerName;
        return running.With(there with { Replicas = there.Replicas.SetItem(name, there.Replicas[name] with { Addresses = ImmutableSortedDictionary<string, string>.Empty.Add("shop_default", address) }) });
    }

    private void Start(params StackRevision[] newestFirst)
    {
        var (entries, hosts, extras) = (store, fleet.Ref, new TrafficExtras(ActorRefs.Nobody, new CertificateBook(store, SealKey.Ephemeral()), etcd));
        traffic = Sys.ActorOf(Props.Create(() => new StackTrafficActor(World.Stack, entries, hosts, extras, 0, NullLoggerFactory.Instance)));
        fleet.ExpectMsg<FleetMessage.PeekFleet>();
        fleet.Reply(now);
        traffic.Tell(new TrafficTarget(new StackHead { Stack = World.Stack, Current = newestFirst[0].Number }, [.. newestFirst]));
    }

    private void Observe(FleetSnapshot snapshot) =>
        traffic.Tell(new TrafficMessage.FleetChanged(snapshot.Hosts.Values.FirstOrDefault(h => h.State == HostState.Down)?.Name ?? "h1", [World.Stack], snapshot, ChangeScope.Named));

    /// <summary>What was sent to both hosts since the last time, until the newest version has gone to each.</summary>
    private List<TrafficTable> ReadTables()
    {
        // Answered behind everything that was told before.
        var asked = traffic.Ask<TrafficMessage.StandingReport>(new TrafficMessage.GetStanding(World.Stack), TimeSpan.FromSeconds(5)).GetAwaiter().GetResult();
        var tables = new List<TrafficTable>();
        do
        {
            var send = fleet.ExpectMsg<FleetMessage.Send>();
            tables.Add(Assert.IsType<AgentCommand.ApplyTraffic>(send.Command).Table);
        }
        while (tables.Count(t => t.Version == asked.Table.Version) < 2);
        return tables;
    }

    private void Acknowledge(string host, long version, params string[] drained) =>
        traffic.Tell(new FleetMessage.Answered(host, "traffic/shop", new AgentEvent.TrafficApplied { CommandId = "traffic/shop", Stack = "shop", Version = version, Drained = [.. drained] }));
}
