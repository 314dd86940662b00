using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using static Orchestrator.Tests.Planning.World;

namespace Orchestrator.Tests.Planning;

/// <summary>Where replicas go by what is reserved, and which order an update can have there.</summary>
public sealed class PlacementTests
{
    private const long GiB = 1L << 30;

    [Fact]
    public void Host_takes_a_replica_only_while_its_memory_is_not_reserved()
    {
        var fleet = Sized(("h1", 4, 4), ("h2", 4, 4));

        Assert.Equal(["h1", "h1", "h1", "h2", "h2", "h2"], Hosts(Plan(fleet, null, Revision(1, Web("v1", 6, GiB)))));
        Assert.Equal(
            "service web: no host can take replica 3: h1: 3 GiB of memory are to be reserved, 1 GiB of its 4 GiB are not reserved yet; h2: 3 GiB of memory are to be reserved, 1 GiB of its 4 GiB are not reserved yet",
            Assert.Single(Errors(fleet, Revision(1, Web("v1", 3, 3 * GiB)))));
    }

    [Fact]
    public void Processors_count_likewise()
    {
        var fleet = Sized(("h1", 4, 4));
        var service = Web("v1", 2, 0) with { Container = new ContainerSpec { Image = "app:v1", Resources = new ResourcesSpec { CpuReservation = 2.5m } } };

        Assert.Equal("service web: no host can take replica 2: h1: 2.5 cpus are to be reserved, 1.5 of its 4 are not reserved yet", Assert.Single(Errors(fleet, Revision(1, service))));
    }

    [Fact]
    public void Reservations_of_other_stacks_and_of_services_that_were_not_named_count()
    {
        var fleet = Reserve(Sized(("h1", 4, 4), ("h2", 4, 4)), "h1", new ReplicaKey("other", "db", 1, "abc"), 3 * GiB);
        Assert.Equal(["h2"], Hosts(Plan(fleet, null, Revision(1, Web("v1", 1, 2 * GiB)))));

        var own = Reserve(Sized(("h1", 4, 4), ("h2", 4, 4)), "h1", new ReplicaKey(Stack, "db", 1, "abc"), 3 * GiB);
        Assert.Equal(["h2"], Hosts(Plan(own, null, Revision(1, Web("v1", 1, 2 * GiB), Service("db")), only: "web")));
    }

    [Fact]
    public void What_leaves_the_stack_holds_its_room_and_its_ports_till_all_else_is_there()
    {
        var fleet = Reserve(Sized(("h1", 4, 4)), "h1", new ReplicaKey(Stack, "old", 1, "abc"), 3 * GiB);
        Assert.Contains("1 GiB of its 4 GiB are not reserved yet", Assert.Single(Errors(fleet, Revision(2, Web("v1", 1, 2 * GiB)))), StringComparison.Ordinal);

        var old = Service("old");
        var ported = World.Hosts("h1").Run("h1", old, 1, ports: "0.0.0.0:8080->80/tcp");
        var next = Service("new") with { Container = new ContainerSpec { Image = "app:v1", Ports = [new PortSpec { Target = 80, Published = 8080, Mode = PortMode.Host }] } };
        Assert.Contains("port 8080/tcp is taken there by old.1, which leaves the stack only when all else is there: deploy once without it", Assert.Single(Errors(ported, Revision(2, next))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.5", "127.0.0.1", true)]
    [InlineData("10.0.0.5", "10.0.0.5", false)]
    [InlineData("10.0.0.5", null, false)]
    public void Port_of_the_host_is_taken_on_its_address_alone(string mine, string? theirs, bool fits)
    {
        ServiceSpec With(string name, string? hostIp) => Service(name) with { Container = new ContainerSpec { Image = "app:v1", Ports = [new PortSpec { Target = 80, Published = 8080, HostIp = hostIp, Mode = PortMode.Host }] } };

        Assert.Equal(fits, Errors(World.Hosts("h1"), Revision(1, With("web", mine), With("api", theirs))).IsEmpty);

        // The same of a replica that is there, by what its engine says.
        var there = World.Hosts("h1").Run("h1", Service("old"), 1, ports: $"{theirs ?? "0.0.0.0"}:8080->80/tcp");
        Assert.Equal(fits, Errors(there, Revision(2, With("web", mine))).IsEmpty);
    }

    [Fact]
    public void Host_that_does_not_say_what_it_has_takes_what_it_gets() =>
        Assert.Equal(["h1", "h1"], Hosts(Plan(World.Hosts("h1"), null, Revision(1, Web("v1", 2, 100 * GiB)))));

    [Theory]
    [InlineData(1, UpdateOrder.StartFirst)]
    [InlineData(2, UpdateOrder.StopFirst)]
    [InlineData(0, UpdateOrder.StopFirst)]
    public void Start_first_needs_room_for_a_batch_more_or_falls_back(int parallelism, UpdateOrder expected)
    {
        var (old, next) = (Web("v1", 3, GiB), Web("v2", 3, GiB, parallelism));
        var fleet = Enumerable.Range(1, 3).Aggregate(Sized(("h1", 4, 4)), (f, slot) => Reserve(f, "h1", new ReplicaKey(Stack, "web", slot, IdOf(old)), GiB));

        var plan = Plan(fleet, Revision(1, old), Revision(2, next));

        Assert.Equal(expected, plan.Services[0].Policy.Order);
        if (expected == UpdateOrder.StopFirst)
        {
            var side = parallelism == 0 ? 3 : parallelism;
            Assert.Contains($"service web: order start-first cannot work because host h1 has no room for old and new together: {side} GiB of memory are to be reserved, 1 GiB of its 4 GiB are not reserved yet; stop-first is used", plan.Warnings);
        }
        else
        {
            Assert.Empty(plan.Warnings);
        }
    }

    [Fact]
    public void Start_first_gives_way_where_another_replica_needs_the_room_and_only_there()
    {
        ServiceSpec Big(string name, string image, long bytes) => World.Service(name, image, 1, new UpdateSpec { Order = UpdateOrder.StartFirst, Parallelism = 1 }) with { Container = new ContainerSpec { Image = image, Resources = new ResourcesSpec { MemoryReservationBytes = bytes } } };
        var (web, api) = (Big("web", "v1", 2 * GiB), Big("api", "v1", GiB));
        var fleet = Reserve(Reserve(Sized(("h1", 4, 7)), "h1", new ReplicaKey(Stack, "web", 1, IdOf(web)), 2 * GiB), "h1", new ReplicaKey(Stack, "api", 1, IdOf(api)), GiB);

        // Both side by side take 6 of 7; the new service needs 2, which fits beside one of them alone.
        var plan = Plan(fleet, Revision(1, web, api), Revision(2, Big("web", "v2", 2 * GiB), Big("api", "v2", GiB), Big("cache", "v1", 2 * GiB)));

        Assert.Equal(("cache", "h1"), (plan.Services.Single(s => s.Action == ServiceAction.Create).Service, plan.Services.Single(s => s.Action == ServiceAction.Create).Slots[0].Host));
        var stopping = Assert.Single(plan.Services, s => s.Policy.Order == UpdateOrder.StopFirst);
        Assert.Equal($"service {stopping.Service}: order start-first cannot work because other replicas need the room that old and new together would take; stop-first is used", Assert.Single(plan.Warnings));
    }

    [Fact]
    public void Room_that_stop_first_would_not_make_either_is_refused_as_before()
    {
        var (old, next) = (Web("v1", 1, GiB), Web("v2", 1, GiB, 1));
        var fleet = Reserve(Sized(("h1", 4, 4)), "h1", new ReplicaKey(Stack, "web", 1, IdOf(old)), GiB);
        var huge = World.Service("cache") with { Container = new ContainerSpec { Image = "app:v1", Resources = new ResourcesSpec { MemoryReservationBytes = 5 * GiB } } };

        Assert.StartsWith("service cache: no host can take replica 1", Assert.Single(Errors(fleet, Revision(2, next, huge))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public void Batch_waits_for_the_old_replicas_of_the_one_before_where_there_is_room_for_one_batch_of_them(long memoryGiB, bool waits)
    {
        var (old, next) = (Web("v1", 3, GiB), Web("v2", 3, GiB));
        var fleet = Enumerable.Range(1, 3).Aggregate(Sized(("h1", 4, memoryGiB)), (f, slot) => Reserve(f, "h1", new ReplicaKey(Stack, "web", slot, IdOf(old)), GiB));

        var web = Plan(fleet, Revision(1, old), Revision(2, next)).Services[0];

        Assert.Equal((UpdateOrder.StartFirst, waits), (web.Policy.Order, web.WaitsForOld));
    }

    [Fact]
    public void Start_first_under_max_replicas_per_node_falls_back_instead_of_waiting_for_ever()
    {
        ServiceSpec Limited(string image) => Web(image, 2, 0) with { Deploy = new DeploySpec { Replicas = 2, Update = new UpdateSpec { Order = UpdateOrder.StartFirst }, Placement = new PlacementSpec { MaxReplicasPerHost = 1 } } };
        var old = Limited("v1");
        var plan = Plan(World.Hosts("h1", "h2").Run("h1", old, 1).Run("h2", old, 2), Revision(1, old), Revision(2, Limited("v2")));

        Assert.Equal(UpdateOrder.StopFirst, plan.Services[0].Policy.Order);
        Assert.Equal(["h1", "h2"], Hosts(plan));
        Assert.Contains("host h1 may have 1 of it at once (max_replicas_per_node)", Assert.Single(plan.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StrategyKind.Rolling)]
    [InlineData(StrategyKind.BlueGreen)]
    public void Start_first_falls_back_where_a_scale_up_in_the_same_change_takes_the_rest_of_max_replicas_per_node(StrategyKind strategy)
    {
        ServiceSpec Limited(string image, int replicas) => Web(image, replicas, 0) with { Deploy = new DeploySpec { Replicas = replicas, Update = new UpdateSpec { Order = UpdateOrder.StartFirst }, Strategy = new StrategySpec { Kind = strategy }, Placement = new PlacementSpec { MaxReplicasPerHost = 2 } } };
        var old = Limited("v1", 2);
        var fleet = World.Hosts("h1", "h2").Run("h1", old, 1).Run("h2", old, 2);

        var web = Plan(fleet, Revision(1, old), Revision(2, Limited("v2", 4)));

        Assert.Equal((UpdateOrder.StopFirst, null), (web.Services[0].Policy.Order, web.Services[0].Strategy));
        Assert.Contains("order start-first cannot work because host h1 may have 2 of it at once (max_replicas_per_node); stop-first is used", web.Warnings[^1], StringComparison.Ordinal);
        Assert.Equal(UpdateOrder.StartFirst, Plan(fleet, Revision(1, old), Revision(2, Limited("v2", 2))).Services[0].Policy.Order);
    }

    [Fact]
    public void Replica_that_grew_out_of_its_host_moves()
    {
        var (old, next) = (Web("v1", 1, GiB), Web("v2", 1, 3 * GiB));
        var fleet = Reserve(Reserve(Sized(("h1", 4, 4), ("h2", 4, 4)), "h1", new ReplicaKey(Stack, "web", 1, IdOf(old)), GiB), "h1", new ReplicaKey("other", "db", 1, "abc"), 2 * GiB);

        Assert.Equal(["h2"], Hosts(Plan(fleet, Revision(1, old), Revision(2, next))));
    }

    [Theory]
    [InlineData("a", "b")]
    [InlineData("b", "a")]
    public void Replica_that_grows_is_measured_beside_all_that_stay_whatever_they_are_called(string growing, string staying)
    {
        ServiceSpec Of(string name, string image, long memory) => Web(image, 1, memory) with { Name = name };
        var (old, next, other) = (Of(growing, "v1", 2 * GiB), Of(growing, "v2", 6 * GiB), Of(staying, "v1", 4 * GiB));
        var fleet = Reserve(Reserve(Sized(("h1", 8, 8)), "h1", new ReplicaKey(Stack, growing, 1, IdOf(old)), 2 * GiB), "h1", new ReplicaKey(Stack, staying, 1, IdOf(other)), 4 * GiB);

        var result = Planner.Plan(new PlanInput { Stack = Stack, Current = Revision(1, old, other), Target = Revision(2, next, other), Fleet = fleet });

        Assert.StartsWith($"service {growing}: no host can take replica 1: h1: 6 GiB of memory are to be reserved", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Repair_brings_back_what_fits_and_says_why_the_rest_waits()
    {
        var web = Web("v1", 4, 2 * GiB);
        var fleet = Reserve(Sized(("h1", 4, 6)), "h1", new ReplicaKey(Stack, "web", 1, IdOf(web)), 2 * GiB);
        var revision = Revision(1, web);

        var result = Planner.Plan(new PlanInput { Stack = Stack, Current = revision, Target = revision, Fleet = fleet, IsRepair = true });

        Assert.Equal([2, 3], result.Plan!.Services[0].Slots.Select(s => s.Slot));
        Assert.StartsWith("service web: no host can take replica 4: h1: 2 GiB of memory", Assert.Single(result.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Global_service_without_room_on_a_host_names_it()
    {
        var agent = Web("v1", 1, 2 * GiB) with { Deploy = new DeploySpec { Mode = ServiceMode.Global } };

        Assert.Equal(
            "service web: host h2 cannot take its replica, and the service is global: 2 GiB of memory are to be reserved, 1 GiB of its 1 GiB are not reserved yet",
            Assert.Single(Errors(Sized(("h1", 4, 4), ("h2", 4, 1)), Revision(1, agent))));
    }

    [Fact]
    public void Global_service_without_room_for_old_and_new_stops_the_old_first()
    {
        ServiceSpec Agent(string image) => Web(image, 1, 3 * GiB) with { Deploy = new DeploySpec { Mode = ServiceMode.Global, Update = new UpdateSpec { Order = UpdateOrder.StartFirst } } };
        var fleet = Reserve(Sized(("h1", 4, 4)), "h1", new ReplicaKey(Stack, "web", 1, IdOf(Agent("v1"))), 3 * GiB);

        var plan = Plan(fleet, Revision(1, Agent("v1")), Revision(2, Agent("v2")));

        Assert.Equal((UpdateOrder.StopFirst, "h1"), (plan.Services[0].Policy.Order, Assert.Single(plan.Services[0].Slots).Host));
        Assert.Contains("has no room for old and new together", Assert.Single(plan.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Way_back_is_not_held_up_by_reservations()
    {
        var (old, failed) = (Web("v1", 1, 3 * GiB), Web("v2", 1, GiB));
        var fleet = Reserve(Reserve(Sized(("h1", 4, 4)), "h1", new ReplicaKey(Stack, "web", 1, IdOf(failed)), GiB), "h1", new ReplicaKey("other", "db", 1, "abc"), 2 * GiB);
        var back = new PlanInput { Stack = Stack, Current = Revision(2, failed), Target = Revision(1, old), Fleet = fleet };

        Assert.NotEmpty(Planner.Plan(back).Errors);
        Assert.Equal("h1", Assert.Single(Planner.Plan(back with { IsRollback = true }).Plan!.Services[0].Slots).Host);
    }

    [Theory]
    [InlineData("node.ip", true, "10.0.0.2", "h2")]
    [InlineData("node.ip", false, "10.0.0.0/30", "h4")]
    [InlineData("node.ip", true, "10.0.1.0/24", "h4")]
    [InlineData("node.role", true, "manager", "h3")]
    [InlineData("node.role", false, "WORKER", "h3")]
    public void Constraints_by_address_and_role(string key, bool equal, string value, string expected)
    {
        var fleet = FleetSnapshot.Empty.With(At("h1", "10.0.0.1")).With(At("h2", "10.0.0.2"))
            .With(At("h3", "10.0.0.3") with { Facts = new HostFacts { Name = "h3", Address = "10.0.0.3", Labels = At("h3", "").Facts!.Labels.Add("node.role", "manager") } })
            .With(At("h4", "10.0.1.1"));
        var service = Service("web") with { Deploy = new DeploySpec { Placement = new PlacementSpec { Constraints = [new ConstraintSpec(key, equal, value)] } } };

        Assert.Equal([expected], Hosts(Plan(fleet, null, Revision(1, service))));
    }

    [Fact]
    public void Scale_down_leaves_the_hosts_balanced_whatever_their_numbers()
    {
        var web = Service("web", replicas: 6);
        var fleet = World.Hosts("h1", "h2", "h3").Run("h1", web, 1).Run("h1", web, 2).Run("h1", web, 3).Run("h2", web, 4).Run("h2", web, 5).Run("h3", web, 6);

        var plan = Plan(fleet, Revision(1, web), Revision(2, Service("web", replicas: 3)));

        Assert.Equal([2, 3, 5], plan.Services[0].Slots.Select(s => s.Slot).Order());
    }

    private static HostSnapshot At(string name, string address) => Host(name) with { Facts = new HostFacts { Name = name, Address = address } };

    private static FleetSnapshot Sized(params (string Name, int Cpus, long MemoryGiB)[] hosts) =>
        hosts.Aggregate(FleetSnapshot.Empty, (fleet, h) => fleet.With(Host(h.Name) with { Facts = new HostFacts { Name = h.Name, Cpus = h.Cpus, MemoryBytes = h.MemoryGiB * GiB } }));

    private static ServiceSpec Web(string image, int replicas, long memory, int parallelism = 1) =>
        Service("web", $"app:{image}", replicas, new UpdateSpec { Order = UpdateOrder.StartFirst, Parallelism = parallelism }) with
        {
            Container = new ContainerSpec { Image = $"app:{image}", Resources = new ResourcesSpec { MemoryReservationBytes = memory == 0 ? null : memory } },
        };

    private static FleetSnapshot Reserve(FleetSnapshot fleet, string host, ReplicaKey key, long memory)
    {
        var there = fleet.Hosts[host];
        var replica = new ReplicaSnapshot { Key = key, ContainerId = key.ContainerName, ContainerName = key.ContainerName, State = ReplicaState.Running, Health = ReplicaHealth.Healthy, ReservedMemoryBytes = memory, Created = Start };
        return fleet.With(there with { Replicas = there.Replicas.SetItem(key.ContainerName, replica) });
    }

    private static IEnumerable<string> Hosts(Plan plan) => plan.Services[0].Slots.Select(s => s.Host!).Order(StringComparer.Ordinal);
}
