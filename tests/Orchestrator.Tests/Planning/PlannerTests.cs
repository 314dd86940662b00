using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;
using static Orchestrator.Tests.Planning.World;

namespace Orchestrator.Tests.Planning;

public sealed class PlannerTests
{
    private static readonly UpdateSpec StartFirst = new() { Order = UpdateOrder.StartFirst, Parallelism = 2 };

    [Fact]
    public void First_deploy_spreads_evenly_over_the_hosts()
    {
        var plan = Plan(Hosts("h1", "h2", "h3"), null, Revision(1, Service("web", replicas: 6)));

        var service = Assert.Single(plan.Services);
        Assert.Equal(ServiceAction.Create, service.Action);
        Assert.Equal(["h1:2", "h2:2", "h3:2"], service.Slots.GroupBy(s => s.Host!).OrderBy(g => g.Key).Select(g => $"{g.Key}:{g.Count()}"));
        Assert.All(service.Slots, s => Assert.Equal(SlotAction.Create, s.Action));
    }

    [Theory]
    [InlineData(StrategyKind.BlueGreen, "app:v1", SlotAction.Replace)]
    [InlineData(StrategyKind.BlueGreen, "app:v2", SlotAction.Remove)]
    [InlineData(StrategyKind.Rolling, "app:v1", SlotAction.Remove)]
    public void New_replica_beside_the_one_in_the_traffic_waits_for_the_switch_of_a_blue_green(StrategyKind kind, string standing, SlotAction action)
    {
        var (old, next) = (Service("web", "app:v1"), Service("web", "app:v2"));
        next = next with { Deploy = next.Deploy with { Strategy = new StrategySpec { Kind = kind } } };
        var stands = ImmutableDictionary<string, string>.Empty.Add("web", IdOf(Service("web", standing)));
        var input = new PlanInput { Stack = Stack, Current = Revision(1, old), Target = Revision(2, next), Fleet = Hosts("h1", "h2").Run("h1", old, 1).Run("h2", next, 1), StandsAt = stands };

        var slot = Assert.Single(Assert.Single(Planner.Plan(input).Plan!.Services).Slots);
        Assert.Equal(action, slot.Action);
        Assert.Equal(["h1"], slot.Old.Select(o => o.Host));
        Assert.Equal(action == SlotAction.Replace ? "h2" : null, slot.Host);
    }

    [Theory]
    [InlineData("app:v2", "h2", SlotAction.Replace)]
    [InlineData("app:v1", "h1", SlotAction.Remove)]
    public void Blue_green_after_a_switch_whose_old_replica_did_not_stop_goes_by_the_traffic(string standing, string drained, SlotAction action)
    {
        var (old, next) = (Service("web", "app:v1"), BlueGreen("app:v2"));
        var fleet = Hosts("h1", "h2").Run("h1", old, 1).Run("h2", next, 1);

        var slot = Assert.Single(PlanOutOf(fleet, old, next, standing, drained).Slots);
        Assert.Equal((action, "h1"), (slot.Action, Assert.Single(slot.Old).Host));
    }

    [Fact]
    public void Blue_green_leaves_a_drained_replica_out_until_its_switch_though_its_slot_has_no_other()
    {
        var (old, next) = (Service("web", "app:v1", 2), BlueGreen("app:v2", 2));
        var service = PlanOutOf(Hosts("h1", "h2").Run("h1", old, 1).Run("h2", next, 2), old, next, "app:v2", "h2");

        Assert.Equal(StrategyKind.BlueGreen, service.Strategy?.Kind);
        Assert.Equal([(1, SlotAction.Replace, "h1"), (2, SlotAction.Create, "h2")], service.Slots.OrderBy(s => s.Slot).Select(s => (s.Slot, s.Action, s.Host!)));
    }

    private static ServiceSpec BlueGreen(string image, int replicas = 1)
    {
        var service = Service("web", image, replicas);
        return service with { Deploy = service.Deploy with { Strategy = new StrategySpec { Kind = StrategyKind.BlueGreen } } };
    }

    private static ServicePlan PlanOutOf(FleetSnapshot fleet, ServiceSpec old, ServiceSpec next, string standing, string drained)
    {
        var input = new PlanInput
        {
            Stack = Stack,
            Current = Revision(1, old),
            Target = Revision(2, next),
            Fleet = fleet,
            StandsAt = ImmutableDictionary<string, string>.Empty.Add("web", IdOf(Service("web", standing))),
            OutOfTraffic = [.. fleet.Replicas(Stack).Where(r => r.Host.Name == drained).Select(r => TrafficTables.Id(r.Replica.Key, drained))],
        };
        return Assert.Single(Planner.Plan(input).Plan!.Services);
    }

    [Fact]
    public void Unchanged_stack_yields_an_empty_plan()
    {
        var web = Service("web", replicas: 2);
        var plan = Plan(Hosts("h1", "h2").Run("h1", web, 1).Run("h2", web, 2), Revision(1, web), Revision(1, web));

        Assert.True(plan.IsEmpty);
    }

    [Fact]
    public void Changed_service_is_replaced_on_its_hosts_and_the_other_left_alone()
    {
        var (old, redis) = (Service("web", replicas: 2), Service("redis"));
        var next = Service("web", "app:v2", 2, StartFirst);
        var plan = Plan(Hosts("h1", "h2").Run("h1", old, 1).Run("h2", old, 2).Run("h1", redis, 1), Revision(1, old, redis), Revision(2, next, redis));

        var web = plan.Services.Single(s => s.Service == "web");
        Assert.Equal((ServiceAction.Update, "image app:v1 → app:v2"), (web.Action, web.Reason));
        Assert.Equal([(1, "h1"), (2, "h2")], web.Slots.Select(s => (s.Slot, s.Host!)));
        Assert.All(web.Slots, s => Assert.True(Assert.Single(s.Old).Serving));
        Assert.Equal(ServiceAction.None, plan.Services.Single(s => s.Service == "redis").Action);
    }

    [Fact]
    public void Policy_only_change_restarts_nothing()
    {
        var old = Service("web", replicas: 1);
        var plan = Plan(Hosts("h1").Run("h1", old, 1), Revision(1, old), Revision(2, Service("web", replicas: 1, update: StartFirst)));

        Assert.True(plan.IsEmpty);
    }

    [Theory]
    [InlineData(null, null, 1)]
    [InlineData(2, null, 2)]
    [InlineData(9, null, 6)]
    [InlineData(null, 10, 1)]
    [InlineData(null, 34, 3)]
    [InlineData(null, 100, 6)]
    public void Canary_is_so_many_or_such_a_part_of_the_replicas(int? replicas, int? percent, int first)
    {
        var strategy = Update(new StrategySpec { Kind = StrategyKind.Canary, Replicas = replicas, Percent = percent }).Strategy!;
        Assert.Equal((StrategyKind.Canary, first, (TimeSpan?)TimeSpan.FromMinutes(1)), (strategy.Kind, strategy.First, strategy.Hold));
    }

    [Fact]
    public void Blue_green_starts_first_and_is_switched_at_once_unless_it_is_held()
    {
        var plan = Update(new StrategySpec { Kind = StrategyKind.BlueGreen });
        Assert.Equal((UpdateOrder.StartFirst, new StrategyPlan(StrategyKind.BlueGreen, 6, TimeSpan.Zero)), (plan.Policy.Order, plan.Strategy));
        Assert.Equal(TimeSpan.FromHours(1), Update(new StrategySpec { Kind = StrategyKind.BlueGreen, Hold = TimeSpan.FromHours(1) }).Strategy!.Hold);
        Assert.Null(Update(new StrategySpec { Kind = StrategyKind.BlueGreen, IsManual = true }).Strategy!.Hold);
        Assert.Null(Update(new StrategySpec()).Strategy);
    }

    [Fact]
    public void Blue_green_that_cannot_run_beside_the_old_is_rolling_with_a_warning()
    {
        var port = Update(new StrategySpec { Kind = StrategyKind.BlueGreen }, s => s with { Container = s.Container with { Ports = [new PortSpec { Target = 80, Published = 8080 }] } }, replicas: 1, out var warnings);
        Assert.Equal((UpdateOrder.StopFirst, null), (port.Policy.Order, port.Strategy));
        Assert.Equal(["service web: blue-green cannot work because port 8080 of the host can be bound only once; the update is rolling"], warnings);

        Update(new StrategySpec { Kind = StrategyKind.BlueGreen }, s => s with { Container = s.Container with { ContainerName = "web" } }, replicas: 1, out warnings);
        Assert.Equal(["service web: blue-green cannot work because container_name web can exist only once; the update is rolling"], warnings);
        Assert.NotNull(Update(new StrategySpec { Kind = StrategyKind.Canary }, s => s with { Container = s.Container with { ContainerName = "web" } }, replicas: 1, out _).Strategy);
    }

    [Fact]
    public void Blue_green_is_not_judged_by_its_traffic_and_says_so()
    {
        ServiceSpec Judged(ServiceSpec s) => s with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 80, Target = 80 }], Slo = new SloSpec { ErrorRate = 0.01 } } };
        Assert.Null(Update(new StrategySpec { Kind = StrategyKind.BlueGreen }, Judged, replicas: 2, out var warnings).Slo);
        Assert.Equal(["service web: slo is not judged, because blue-green takes the old replicas out of the traffic as the new ones enter it; use canary to compare them"], warnings);
        Assert.NotNull(Update(new StrategySpec { Kind = StrategyKind.Canary }, Judged, replicas: 2, out _).Slo);
    }

    [Theory]
    [InlineData(StrategyKind.Canary)]
    [InlineData(StrategyKind.BlueGreen)]
    public void Only_an_update_of_what_serves_has_a_strategy(StrategyKind kind)
    {
        ServiceSpec With(ServiceSpec s) => s with { Deploy = s.Deploy with { Strategy = new StrategySpec { Kind = kind } } };
        var (old, next) = (With(Service("web", replicas: 2)), With(Service("web", "app:v2", 2)));
        var fleet = Hosts("h1", "h2").Run("h1", old, 1).Run("h2", old, 2);
        Assert.NotNull(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(1, old), Target = Revision(2, next), Fleet = fleet }));
        Assert.Null(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(1, old), Target = Revision(2, next), Fleet = fleet, IsRollback = true }));
        Assert.Null(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(1, old), Target = Revision(1, old), Fleet = Hosts("h1", "h2").Run("h1", old, 1), IsRepair = true }));
        Assert.Null(StrategyOf(new PlanInput { Stack = Stack, Target = Revision(1, old), Fleet = Hosts("h1", "h2") }));
        Assert.Null(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(1, old), Target = Revision(2, With(Service("web", replicas: 3))), Fleet = fleet }));
        Assert.Null(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(1, old), Target = Revision(2, next), Fleet = Hosts("h1", "h2").Run("h1", old, 1, ReplicaState.Exited).Run("h2", old, 2, ReplicaState.Exited) }));

        // What a held or stopped change has left, by the same file again, and by one that scales: no way round the strategy.
        var half = Hosts("h1", "h2").Run("h1", next, 1).Run("h2", old, 2);
        Assert.NotNull(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(2, next), Target = Revision(2, next), Fleet = half }));
        Assert.NotNull(StrategyOf(new PlanInput { Stack = Stack, Current = Revision(2, next), Target = Revision(3, With(Service("web", "app:v2", 3))), Fleet = half }));

        static StrategyPlan? StrategyOf(PlanInput input) => Planner.Plan(input).Plan!.Services.Single().Strategy;
    }

    private static ServicePlan Update(StrategySpec strategy) => Update(strategy, s => s, replicas: 6, out _);

    private static ServicePlan Update(StrategySpec strategy, Func<ServiceSpec, ServiceSpec> more, int replicas, out IReadOnlyList<string> warnings)
    {
        var old = more(Service("web", replicas: replicas));
        var next = more(Service("web", "app:v2", replicas));
        var fleet = Enumerable.Range(1, replicas).Aggregate(Hosts("h1"), (f, slot) => f.Run("h1", old, slot));
        var plan = Plan(fleet, Revision(1, old), Revision(2, next with { Deploy = next.Deploy with { Strategy = strategy } }));
        warnings = plan.Warnings;
        return plan.Services.Single();
    }

    [Fact]
    public void Unhealthy_and_missing_slots_come_first()
    {
        var (old, next) = (Service("web", replicas: 3), Service("web", "app:v2", 3));
        var fleet = Hosts("h1").Run("h1", old, 1).Run("h1", old, 2, health: ReplicaHealth.Unhealthy);
        var slots = Plan(fleet, Revision(1, old), Revision(2, next)).Services[0].Slots;

        Assert.Equal([3, 2, 1], slots.Select(s => s.Slot));
    }

    [Fact]
    public void Scale_down_balances_hosts_then_takes_the_highest_slot()
    {
        var web = Service("web", replicas: 4);
        var fleet = Hosts("h1", "h2").Run("h1", web, 1).Run("h1", web, 2).Run("h1", web, 3).Run("h2", web, 4);
        var plan = Plan(fleet, Revision(1, web), Revision(2, Service("web", replicas: 2)));

        Assert.Equal((ServiceAction.Scale, "replicas 4 → 2"), (plan.Services[0].Action, plan.Services[0].Reason));
        Assert.Equal([2, 3], plan.Services[0].Slots.Select(s => s.Slot));
        Assert.All(plan.Services[0].Slots, s => Assert.Equal(SlotAction.Remove, s.Action));
    }

    [Fact]
    public void Scale_up_fills_the_lowest_free_slots_on_the_emptiest_hosts()
    {
        var web = Service("web", replicas: 1);
        var plan = Plan(Hosts("h1", "h2", "h3").Run("h1", web, 2), Revision(1, web), Revision(2, Service("web", replicas: 3)));

        Assert.Equal([(1, "h2"), (3, "h3")], plan.Services[0].Slots.Select(s => (s.Slot, s.Host!)));
    }

    [Fact]
    public void Service_left_out_is_removed_with_what_it_retained()
    {
        var (web, old) = (Service("web"), Service("old"));
        var retained = Service("old", "app:v0");
        var fleet = Hosts("h1").Run("h1", web, 1).Run("h1", old, 1).Run("h1", retained, 1, ReplicaState.Retained);
        var plan = Plan(fleet, Revision(1, web, old), Revision(2, web));

        var removed = plan.Services.Single(s => s.Service == "old");
        Assert.Equal(ServiceAction.Remove, removed.Action);
        var slot = Assert.Single(removed.Slots);
        Assert.Equal((IdOf(old), IdOf(retained)), (Assert.Single(slot.Old).Revision, Assert.Single(slot.Prune).Revision));
    }

    [Fact]
    public void Named_services_alone_are_touched()
    {
        var (a, b) = (Service("a"), Service("b"));
        var fleet = Hosts("h1").Run("h1", a, 1).Run("h1", b, 1);
        var plan = Plan(fleet, Revision(1, a, b), Revision(2, Service("a", "app:v2"), Service("b", "app:v2")), only: "a");

        Assert.Equal("a", Assert.Single(plan.Services).Service);
    }

    [Fact]
    public void Lost_host_is_replaced_elsewhere_and_its_return_removes_the_surplus()
    {
        var web = Service("web", replicas: 2);
        var fleet = Hosts("h1", "h2", "h3").Run("h1", web, 1).Run("h2", web, 2);
        var lost = Plan(fleet.In("h2", HostState.Down), Revision(1, web), Revision(1, web), isRepair: true);
        var slot = Assert.Single(lost.Services[0].Slots);
        Assert.Equal((ServiceAction.Repair, SlotAction.Create, 2, "h3"), (lost.Services[0].Action, slot.Action, slot.Slot, slot.Host));

        // It was booted a moment ago: what runs there has started last, and was created first.
        var returned = fleet.Run("h3", web, 2).Later("h3", TimeSpan.FromMinutes(1));
        var surplus = Assert.Single(Plan(returned, Revision(1, web), Revision(1, web), isRepair: true).Services[0].Slots);
        Assert.Equal((SlotAction.Remove, "h2", "h3"), (surplus.Action, Assert.Single(surplus.Old).Host, surplus.KeptHost));

        // The same when it comes back in the middle of an update.
        var next = Service("web", "app:v2", replicas: 2);
        Assert.Equal("h3", Plan(returned, Revision(1, web), Revision(2, next)).Services[0].Slots.Single(s => s.Slot == 2).Host);
    }

    [Fact]
    public void What_ended_on_a_host_whose_engine_is_dead_is_brought_back_elsewhere()
    {
        var web = Service("web", replicas: 2);
        var fleet = Hosts("h1", "h2").Run("h1", web, 1, ReplicaState.Exited).Run("h2", web, 2);
        Assert.Equal("h1", Assert.Single(Plan(fleet, Revision(1, web), Revision(1, web)).Services[0].Slots).Host);

        var dead = fleet.With(fleet.Hosts["h1"] with { Facts = fleet.Hosts["h1"].Facts! with { EngineError = "no answer" } });
        foreach (var isRepair in new[] { true, false })
        {
            var slot = Assert.Single(Plan(dead, Revision(1, web), Revision(1, web), isRepair).Services[0].Slots);
            Assert.Equal((1, SlotAction.Create, "h2", 0, "ended on host h1, whose engine does not answer"), (slot.Slot, slot.Action, slot.Host, slot.Old.Length, slot.Reason));
        }

        // What runs there goes on, and what was to end has ended.
        Assert.True(Plan(dead.Run("h1", web, 1), Revision(1, web), Revision(1, web), isRepair: true).IsEmpty);
        var once = Service("web") with { Container = web.Container with { Restart = new RestartSpec { Condition = RestartCondition.None } } };
        var ended = Hosts("h1", "h2").Run("h1", once, 1, ReplicaState.Exited);
        ended = ended.With(ended.Hosts["h1"] with { Facts = dead.Hosts["h1"].Facts });
        Assert.True(Plan(ended, Revision(1, once), Revision(1, once), isRepair: true).IsEmpty);
    }

    [Fact]
    public void Only_an_update_of_what_serves_is_held_to_its_slo()
    {
        var slo = new SloSpec { ErrorRate = 0.01 };
        var traffic = new TrafficSpec { Slo = slo, Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] };
        ServiceSpec Web(string image) => Service("web", image) with { Traffic = traffic };
        var (v1, v2) = (Revision(1, Web("app:v1")), Revision(2, Web("app:v2")));
        var fleet = Hosts("h1").Run("h1", Web("app:v1"), 1);
        SloSpec? Of(FleetSnapshot hosts, StackRevision? current, StackRevision target, bool isRepair = false) => Plan(hosts, current, target, isRepair).Services[0].Slo;

        Assert.Equal(slo, Of(fleet, v1, v2));
        Assert.Null(Of(Hosts("h1"), null, v1));
        Assert.Null(Of(fleet, v1, v2, isRepair: true));
        Assert.Null(Of(fleet, v1, Revision(2, Web("app:v2") with { Traffic = traffic with { Ports = [] } })));
        Assert.Null(Planner.Plan(new PlanInput { Stack = "shop", Current = v2, Target = v1, Fleet = Hosts("h1").Run("h1", Web("app:v2"), 1), IsRollback = true }).Plan!.Services[0].Slo);
    }

    [Fact]
    public void Repair_leaves_what_the_engine_restarts_to_the_engine_and_a_deploy_does_not()
    {
        var web = Service("web");
        var fleet = Hosts("h1").Run("h1", web, 1, ReplicaState.Restarting);

        Assert.True(Plan(fleet, Revision(1, web), Revision(1, web), isRepair: true).IsEmpty);
        var slot = Assert.Single(Plan(fleet, Revision(1, web), Revision(1, web)).Services[0].Slots);
        Assert.Equal(("h1", "restarting over and over"), (slot.Host, slot.Reason));
        Assert.Equal(IdOf(web), Assert.Single(slot.Old).Revision);
    }

    [Theory]
    [InlineData(RestartCondition.Any, true)]
    [InlineData(RestartCondition.Always, true)]
    [InlineData(RestartCondition.OnFailure, false)]
    [InlineData(RestartCondition.None, false)]
    public void Repair_starts_again_what_was_to_run_for_ever_and_lies_exited(RestartCondition condition, bool starts)
    {
        var web = Service("web") with { Container = new ContainerSpec { Image = "app:v1", Restart = new RestartSpec { Condition = condition } } };
        var plan = Plan(Hosts("h1").Run("h1", web, 1, ReplicaState.Exited), Revision(1, web), Revision(1, web), isRepair: true);

        Assert.Equal(starts, !plan.IsEmpty);
        Assert.All(plan.Services[0].Slots, s => Assert.Equal(("h1", 0), (s.Host, s.Old.Length)));
    }

    [Fact]
    public void Constraints_and_maximum_per_host_are_kept_and_explained()
    {
        var service = Service("web", replicas: 2) with
        {
            Deploy = new DeploySpec { Replicas = 2, Placement = new PlacementSpec { Constraints = [new ConstraintSpec("node.labels.zone", true, "A")], MaxReplicasPerHost = 1 } },
        };
        var fleet = FleetSnapshot.Empty.With(Host("h1", HostState.Ready, ("zone", "a"))).With(Host("h2", HostState.Ready, ("zone", "b"))).With(Host("h3", HostState.Ready, ("zone", "a")));
        Assert.Equal(["h1", "h3"], Plan(fleet, null, Revision(1, service)).Services[0].Slots.Select(s => s.Host).Order());

        var error = Assert.Single(Errors(new FleetSnapshot(fleet.Hosts.Remove("h3")), Revision(1, service)));
        Assert.Contains("no host can take replica 2", error);
        Assert.Contains("h1: has max_replicas_per_node 1 of web", error);
        Assert.Contains("h2: constraint node.labels.zone==A (it has b)", error);
    }

    [Fact]
    public void Spread_preference_comes_before_the_count_per_host()
    {
        var service = Service("web", replicas: 4) with { Deploy = new DeploySpec { Replicas = 4, Placement = new PlacementSpec { SpreadBy = ["node.labels.zone"] } } };
        var fleet = FleetSnapshot.Empty.With(Host("a1", HostState.Ready, ("zone", "a"))).With(Host("a2", HostState.Ready, ("zone", "a"))).With(Host("b1", HostState.Ready, ("zone", "b")));

        Assert.Equal(["a1", "a2", "b1", "b1"], Plan(fleet, null, Revision(1, service)).Services[0].Slots.Select(s => s.Host).Order());
    }

    [Fact]
    public void Racks_of_the_same_name_in_two_zones_are_two_racks()
    {
        var service = Service("web", replicas: 2) with { Deploy = new DeploySpec { Replicas = 2, Placement = new PlacementSpec { SpreadBy = ["node.labels.zone", "node.labels.rack"] } } };
        HostSnapshot At(string name, string zone, string rack) => Host(name, HostState.Ready, ("zone", zone), ("rack", rack));
        var fleet = FleetSnapshot.Empty.With(At("a1", "a", "r1")).With(At("a2", "a", "r2")).With(At("b1", "b", "r1")).With(At("b2", "b", "r3"));

        // Zone b has one replica, in its rack r1; zone a's next goes to its own r1, which has none, whatever r1 of b has.
        var plan = Plan(fleet.Run("b1", service, 1), Revision(1, service), Revision(1, service));
        Assert.Equal("a1", Assert.Single(plan.Services[0].Slots).Host);
    }

    [Fact]
    public void Global_service_has_one_replica_per_eligible_host()
    {
        var service = Service("agent") with { Deploy = new DeploySpec { Mode = ServiceMode.Global } };
        var plan = Plan(Hosts("h1", "h2", "h3").In("h3", HostState.Down), null, Revision(1, service));

        Assert.Equal([(1, "h1"), (2, "h2")], plan.Services[0].Slots.Select(s => (s.Slot, s.Host!)));
    }

    [Fact]
    public void Number_of_a_host_that_is_down_is_given_to_no_other()
    {
        var agent = Service("agent") with { Deploy = new DeploySpec { Mode = ServiceMode.Global } };
        var fleet = Hosts("a", "b", "c").Run("a", agent, 1).Run("b", agent, 2).In("a", HostState.Down);

        var joined = Assert.Single(Plan(fleet, Revision(1, agent), Revision(1, agent), isRepair: true).Services[0].Slots);
        Assert.Equal((3, "c"), (joined.Slot, joined.Host));
        Assert.True(Plan(fleet.Run("c", agent, 3).In("a", HostState.Ready), Revision(1, agent), Revision(1, agent), isRepair: true).IsEmpty);
    }

    [Fact]
    public void Two_hosts_that_share_a_number_keep_it_on_one_and_get_another_on_the_other()
    {
        ServiceSpec Agent(string image) => Service("agent", image) with { Deploy = new DeploySpec { Mode = ServiceMode.Global } };
        var agent = Agent("app:v1");
        var fleet = Hosts("a", "b", "c").Run("a", agent, 1).Run("b", agent, 2).Run("c", agent, 1);

        var slots = Plan(fleet, Revision(1, agent), Revision(1, agent), isRepair: true).Services[0].Slots;
        Assert.Equal([(3, SlotAction.Create, "c"), (1, SlotAction.Remove, null)], slots.Select(s => (s.Slot, s.Action, s.Host)));
        Assert.Equal("c", Assert.Single(slots[1].Old).Host);

        var update = Plan(fleet, Revision(1, agent), Revision(2, Agent("app:v2"))).Services[0].Slots;
        Assert.Equal([(3, "c"), (1, "a"), (2, "b")], update.Select(s => (s.Slot, s.Host)));
        Assert.Equal(["a", "c"], update[1].Old.Select(o => o.Host).Order());
    }

    [Fact]
    public void Host_port_needed_twice_is_refused_with_the_reason()
    {
        var service = Service("web", replicas: 2) with { Container = new ContainerSpec { Image = "app:v1", Ports = [new PortSpec { Target = 80, Published = 8080 }] } };

        var error = Assert.Single(Errors(Hosts("h1"), Revision(1, service)));
        Assert.Contains("port 8080/tcp is taken there by web.1", error);
        Assert.Equal(["h1", "h2"], Plan(Hosts("h1", "h2"), null, Revision(1, service)).Services[0].Slots.Select(s => s.Host).Order());
    }

    [Fact]
    public void Port_of_another_stack_is_seen()
    {
        var service = Service("web") with { Container = new ContainerSpec { Image = "app:v1", Ports = [new PortSpec { Target = 80, Published = 8080 }] } };
        var fleet = Hosts("h1", "h2");
        var key = new ReplicaKey("other", "front", 1, "abcdefabcdef");
        var taken = new ReplicaSnapshot { Key = key, ContainerId = "x", ContainerName = key.ContainerName, State = ReplicaState.Running, Ports = ["[::]:8080->8080/tcp"] };
        fleet = fleet.With(fleet.Hosts["h1"] with { Replicas = fleet.Hosts["h1"].Replicas.Add(taken.ContainerName, taken) });

        Assert.Equal("h2", Assert.Single(Plan(fleet, null, Revision(1, service)).Services[0].Slots).Host);
    }

    [Fact]
    public void Start_first_with_a_fixed_host_port_falls_back_and_says_so()
    {
        ServiceSpec With(string image) => Service("web", image, 1, StartFirst) with { Container = new ContainerSpec { Image = image, Ports = [new PortSpec { Target = 80, Published = 8080 }] } };
        var plan = Plan(Hosts("h1").Run("h1", With("app:v1"), 1), Revision(1, With("app:v1")), Revision(2, With("app:v2")));

        Assert.Equal(UpdateOrder.StopFirst, plan.Services[0].Policy.Order);
        Assert.Equal("service web: order start-first cannot work because port 8080 of the host can be bound only once; stop-first is used", Assert.Single(plan.Warnings));
    }

    [Theory]
    [InlineData("10.1.0.5", null)]
    [InlineData(null, "fd00::5")]
    public void Start_first_with_a_fixed_address_falls_back_and_says_so(string? v4, string? v6)
    {
        ServiceSpec With(string image) => Service("web", image, 1, StartFirst) with
        {
            Container = new ContainerSpec { Image = image, Networks = [new NetworkAttachmentSpec { Network = "net", EngineName = "shop_net", Ipv4Address = v4, Ipv6Address = v6 }] },
        };
        var plan = Plan(Hosts("h1").Run("h1", With("app:v1"), 1), Revision(1, With("app:v1")), Revision(2, With("app:v2")));

        Assert.Equal(UpdateOrder.StopFirst, plan.Services[0].Policy.Order);
        Assert.Equal($"service web: order start-first cannot work because address {v4 ?? v6} of network net can be taken only once; stop-first is used", Assert.Single(plan.Warnings));
    }

    [Fact]
    public void Host_port_that_moves_between_services_is_let_go_of_before_it_is_taken()
    {
        var (from, to) = (Ported("web", "app:v1", 8080), Service("api"));
        var fleet = Hosts("h1").Run("h1", from, 1, ports: "0.0.0.0:8080->80/tcp").Run("h1", to, 1);

        var plan = Plan(fleet, Revision(1, from, to), Revision(2, Ported("web", "app:v1", 8081), Ported("api", "app:v1", 8080)));

        Assert.Equal(["web"], plan.Services.Single(s => s.Service == "api").After.Select(d => d.Service));
        Assert.Empty(plan.Services.Single(s => s.Service == "web").After);
        Assert.Equal("service api: waits for web, which has port 8080/tcp of host h1 until then", Assert.Single(plan.Warnings));
    }

    [Fact]
    public void Host_port_that_is_let_go_of_on_another_address_is_not_waited_for()
    {
        var (from, api) = (Ported("web", "app:v1", 8080), Ported("api", "app:v1", 8080));
        var to = api with { Container = api.Container with { Ports = [.. api.Container.Ports.Select(p => p with { HostIp = "10.0.0.5" })] } };
        var fleet = Hosts("h1").Run("h1", from, 1, ports: "127.0.0.1:8080->80/tcp").Run("h1", Service("api"), 1);

        var plan = Plan(fleet, Revision(1, from, Service("api")), Revision(2, Ported("web", "app:v1", 8081), to));

        Assert.Empty(plan.Services.Single(s => s.Service == "api").After);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public void Host_port_of_a_replica_that_is_scaled_away_is_waited_for_likewise()
    {
        var (web, api) = (Ported("web", "app:v1", 8080) with { Deploy = new DeploySpec { Replicas = 2 } }, Service("api"));
        var fleet = Hosts("h1", "h2").Run("h1", web, 1, ports: "0.0.0.0:8080->80/tcp").Run("h2", web, 2, ports: "0.0.0.0:8080->80/tcp").Run("h2", api, 1);

        var plan = Plan(fleet, Revision(1, web, api), Revision(2, web with { Deploy = new DeploySpec { Replicas = 1 } }, Ported("api", "app:v1", 8080)));

        Assert.Equal(["web"], plan.Services.Single(s => s.Service == "api").After.Select(d => d.Service));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Host_ports_that_two_services_have_of_each_other_are_refused(bool isDependency)
    {
        var (web, api) = (Ported("web", "app:v1", 8080), Ported("api", "app:v1", 8081));
        var fleet = Hosts("h1").Run("h1", web, 1, ports: "0.0.0.0:8080->80/tcp").Run("h1", api, 1, ports: "0.0.0.0:8081->80/tcp");

        // Either they swap their ports, or the one that lets go comes after the other.
        var target = isDependency
            ? Revision(2, Ported("web", "app:v1", 8082) with { DependsOn = [new DependencySpec { Service = "api" }] }, Ported("api", "app:v1", 8080))
            : Revision(2, Ported("web", "app:v1", 8081), Ported("api", "app:v1", 8080));
        var result = Planner.Plan(new PlanInput { Stack = Stack, Current = Revision(1, web, api), Target = target, Fleet = fleet });

        var (late, early, port) = isDependency ? ("api", "web", 8080) : ("web", "api", 8081);
        Assert.Equal($"service {late}: port {port}/tcp of host h1 is {early}'s until that has changed, which comes after {late}: take the port off in a deploy of its own first", Assert.Single(result.Errors));
    }

    [Fact]
    public void Scale_down_keeps_what_is_where_it_may_be()
    {
        var web = Ported("web", "app:v1", 8080) with { Deploy = new DeploySpec { Replicas = 2 } };
        var one = web with { Deploy = new DeploySpec { Replicas = 1, Placement = new PlacementSpec { Constraints = [new ConstraintSpec("node.hostname", true, "h2")] } } };
        var fleet = Hosts("h1", "h2").Run("h1", web, 1, ports: "0.0.0.0:8080->80/tcp").Run("h2", web, 2, ports: "0.0.0.0:8080->80/tcp");

        var slot = Assert.Single(Plan(fleet, Revision(1, web), Revision(2, one)).Services[0].Slots);
        Assert.Equal((1, SlotAction.Remove), (slot.Slot, slot.Action));
    }

    [Fact]
    public void Host_port_of_a_surplus_replica_is_taken_until_that_is_gone()
    {
        var web = Ported("web", "app:v1", 8080) with { Deploy = new DeploySpec { Replicas = 2 } };
        var fleet = Hosts("h1", "h2", "h3").Run("h1", web, 1, ports: "0.0.0.0:8080->80/tcp").Run("h2", web, 1, ports: "0.0.0.0:8080->80/tcp");

        // Slot 1 has one too many, on h2, which goes last.
        Assert.Equal("h3", Plan(fleet, Revision(1, web), Revision(1, web)).Services[0].Slots.Single(s => s.Slot == 2).Host);
    }

    private static ServiceSpec Ported(string name, string image, int port) =>
        Service(name, image) with { Container = new ContainerSpec { Image = image, Ports = [new PortSpec { Target = 80, Published = port, Mode = PortMode.Host }] } };

    [Fact]
    public void Repair_plans_beside_the_repairs_that_are_under_way()
    {
        var web = Service("web", replicas: 3) with { Deploy = new DeploySpec { Replicas = 3, Placement = new PlacementSpec { MaxReplicasPerHost = 1 } } };
        var revision = Revision(1, web);
        var input = new PlanInput { Stack = Stack, Current = revision, Target = revision, Fleet = Hosts("h1", "h2", "h3").Run("h1", web, 1), IsRepair = true };

        // Slot 3 is being pulled on h2, where slot 2 would be sent by itself.
        var plan = Planner.Plan(input with { UnderWay = ImmutableDictionary<(string, int), string>.Empty.Add(("web", 3), "h2") }).Plan!;
        Assert.Equal([(2, "h3"), (3, "h2")], plan.Services[0].Slots.Select(s => (s.Slot, s.Host!)));
        Assert.Equal("h2", Planner.Plan(input).Plan!.Services[0].Slots[0].Host);

        // Not where it cannot go any more.
        var lost = Planner.Plan(input with { Fleet = input.Fleet.In("h2", HostState.Down), UnderWay = ImmutableDictionary<(string, int), string>.Empty.Add(("web", 3), "h2") });
        Assert.Equal("h3", Assert.Single(lost.Plan!.Services[0].Slots).Host);
    }

    [Fact]
    public void Start_first_stays_with_a_port_of_the_ingress_which_several_replicas_of_a_host_share()
    {
        ServiceSpec With(string image) => Service("web", image, 2, StartFirst) with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Target = 80, Published = 8080 }] } };
        var plan = Plan(Hosts("h1").Run("h1", With("app:v1"), 1).Run("h1", With("app:v1"), 2), Revision(1, With("app:v1")), Revision(2, With("app:v2")));

        Assert.Equal(UpdateOrder.StartFirst, plan.Services[0].Policy.Order);
        Assert.Empty(plan.Warnings);
        Assert.Equal(["h1", "h1"], plan.Services[0].Slots.Select(s => s.Host));
    }

    [Fact]
    public void Change_of_traffic_is_named_and_replaces_nothing()
    {
        ServiceSpec With(TrafficSpec traffic) => Service("web") with { Traffic = traffic };
        var before = With(new TrafficSpec { Routes = [new RouteSpec { Host = "a.b", Port = 80 }] });
        var after = With(new TrafficSpec
        {
            Ports = [new IngressPortSpec { Target = 80, Published = 8080 }],
            Routes = [new RouteSpec { Host = "c.d", Port = 80 }],
            Sticky = new StickySpec(StickyKind.Source),
            Timeouts = new TrafficTimeoutsSpec { Queue = TimeSpan.FromSeconds(1) },
            Slo = new SloSpec { ErrorRate = 0.1 },
        });
        var fleet = Hosts("h1").Run("h1", before, 1);

        var plan = Plan(fleet, Revision(1, before), Revision(2, after));

        Assert.True(plan.IsEmpty);
        Assert.Equal("ports changed, routes changed, sticky changed, timeouts changed, slo changed, no replica is replaced", plan.Services[0].Reason);
        Assert.Equal("unchanged", Plan(fleet, Revision(1, before), Revision(1, before)).Services[0].Reason);
        Assert.Equal("image app:v1 → app:v2, routes changed", Plan(fleet, Revision(1, before), Revision(2, With(before.Traffic with { Routes = [] }) with { Container = new ContainerSpec { Image = "app:v2" } })).Services[0].Reason);
    }

    [Fact]
    public void Port_that_moves_from_the_host_to_the_ingress_is_one_change()
    {
        var bound = Service("web") with { Container = new ContainerSpec { Image = "app:v1", Ports = [new PortSpec { Target = 80, Published = 8080 }] } };
        var shared = Service("web") with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Target = 80, Published = 8080 }] } };

        Assert.Equal("ports changed", Plan(Hosts("h1").Run("h1", bound, 1), Revision(1, bound), Revision(2, shared)).Services[0].Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Way_back_goes_to_the_host_where_the_old_replica_is_kept_and_nothing_has_to_be_made(bool newIsThere)
    {
        var (v1, v2) = (Service("web", "app:v1"), Service("web", "app:v2"));
        var fleet = Hosts("h1", "h2", "h3").Run("h2", v1, 1, ReplicaState.Retained);
        fleet = newIsThere ? fleet.Run("h3", v2, 1) : fleet;
        var back = new PlanInput { Stack = Stack, Current = Revision(2, v2), Target = Revision(1, v1), Fleet = fleet, IsRollback = true };
        Assert.Equal("h2", Assert.Single(Planner.Plan(back).Plan!.Services[0].Slots).Host);

        // It takes nothing any more.
        fleet = fleet.With(fleet.Hosts["h2"] with { State = HostState.Down });
        Assert.Equal(newIsThere ? "h3" : "h1", Assert.Single(Planner.Plan(back with { Fleet = fleet }).Plan!.Services[0].Slots).Host);
    }

    [Fact]
    public void Older_retained_containers_are_pruned_and_the_one_to_go_back_to_is_not()
    {
        var (v1, v2, v3) = (Service("web", "app:v1"), Service("web", "app:v2"), Service("web", "app:v3"));
        var fleet = Hosts("h1").Run("h1", v2, 1).Run("h1", v1, 1, ReplicaState.Retained);

        Assert.Equal(IdOf(v1), Assert.Single(Assert.Single(Plan(fleet, Revision(2, v2), Revision(3, v3)).Services[0].Slots).Prune).Revision);
        Assert.Empty(Assert.Single(Plan(fleet, Revision(2, v2), Revision(1, v1)).Services[0].Slots).Prune);
    }

    [Fact]
    public void Leftover_of_a_failed_update_is_removed_and_a_good_one_kept()
    {
        var (v1, v2, broken) = (Service("web", "app:v1"), Service("web", "app:v2"), Service("web", "app:v3"));
        var fleet = Hosts("h1").Run("h1", v2, 1).Run("h1", v1, 1, ReplicaState.Retained).Run("h1", broken, 1, ReplicaState.Retained);
        var result = Planner.Plan(new PlanInput { Stack = Stack, Current = Revision(2, v2), Target = Revision(2, v2), Fleet = fleet, GoodRevisions = [IdOf(v1), IdOf(v2)] });

        var slot = Assert.Single(result.Plan!.Services[0].Slots);
        Assert.Equal((SlotAction.Remove, "leftover of a failed update"), (slot.Action, slot.Reason));
        Assert.Equal(new Placement("h1", IdOf(broken), false), Assert.Single(slot.Old));
        Assert.Empty(slot.Prune);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void More_than_is_retained_is_removed_between_changes(bool isRepair)
    {
        var (v1, v2, v3) = (Service("web", "app:v1"), Service("web", "app:v2"), Service("web", "app:v3"));
        var fleet = Hosts("h1", "h2").Run("h1", v3, 1).Run("h1", v2, 1, ReplicaState.Retained).Run("h2", v1, 1, ReplicaState.Retained);
        var service = Planner.Plan(new PlanInput { Stack = Stack, Current = Revision(3, v3), Target = Revision(3, v3), Fleet = fleet, GoodRevisions = [IdOf(v1), IdOf(v2), IdOf(v3)], IsRepair = isRepair }).Plan!.Services[0];

        if (!isRepair)
        {
            Assert.Equal(ServiceAction.None, service.Action);
            return;
        }
        var slot = Assert.Single(service.Slots);
        Assert.Equal((SlotAction.Remove, "more is kept of it than retain 1"), (slot.Action, slot.Reason));
        Assert.Single(slot.Old);
        Assert.Empty(slot.Prune);
    }

    [Fact]
    public void Each_old_replica_that_will_be_kept_counts_against_retain()
    {
        var (v1, v2, v3, v4) = (Keeping("app:v1"), Keeping("app:v2"), Keeping("app:v3"), Keeping("app:v4"));
        var fleet = Hosts("h1", "h2").Run("h1", v3, 1).Run("h2", v2, 1).Run("h2", v1, 1, ReplicaState.Retained);

        Assert.Equal(IdOf(v1), Assert.Single(Assert.Single(Plan(fleet, Revision(3, v3), Revision(4, v4)).Services[0].Slots).Prune).Revision);

        static ServiceSpec Keeping(string image) => Service("web", image) with { Deploy = Service("web", image).Deploy with { Retain = 2 } };
    }

    [Fact]
    public void Dependencies_come_first_and_ties_go_by_code_points()
    {
        var plan = Plan(Hosts("h1"), null, Revision(1, Service("web", after: ["db", "cache"]), Service("Zed"), Service("cache", after: ["db"]), Service("db")));

        Assert.Equal(["Zed", "db", "cache", "web"], plan.Services.Select(s => s.Service));
    }

    [Fact]
    public void Completed_dependencies_are_refused_by_name()
    {
        var web = Service("web") with { DependsOn = [new DependencySpec { Service = "migrate", Condition = DependencyCondition.Completed }] };

        Assert.Contains("service_completed_successfully is not supported yet", Assert.Single(Errors(Hosts("h1"), Revision(1, web, Service("migrate")))));
    }

    [Fact]
    public void Environment_values_never_show_in_a_reason()
    {
        ServiceSpec With(string password) => Service("web") with { Container = new ContainerSpec { Image = "app:v1", Environment = Service("web").Container.Environment.Add("DB_PASSWORD", password) } };
        var plan = Plan(Hosts("h1").Run("h1", With("hunter1"), 1), Revision(1, With("hunter1")), Revision(2, With("hunter2")));

        Assert.Equal("environment changed (DB_PASSWORD)", plan.Services[0].Reason);
        Assert.DoesNotContain("hunter", JsonSerializer.Serialize(plan, ApiJson.Default.Plan));
    }

    [Fact]
    public void Same_input_gives_the_same_bytes()
    {
        var (web, redis) = (Service("web", replicas: 5), Service("redis"));
        string Once() => JsonSerializer.Serialize(Plan(Hosts("h3", "h1", "h2").Run("h1", web, 1), Revision(1, web), Revision(2, Service("web", "app:v2", 5), redis)), ApiJson.Default.Plan);

        Assert.Equal(Once(), Once());
    }
}
