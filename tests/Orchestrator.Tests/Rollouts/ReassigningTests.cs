using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Rollouts;

public sealed class ReassigningTests
{
    [Fact]
    public void Slot_does_not_go_where_an_old_replica_that_the_plan_knows_nothing_of_has_the_port()
    {
        var (old, next) = (Published("app:v1"), Published("app:v2"));

        // When the plan was made, the engine of h1 did not answer.
        var fleet = World.Hosts("h1", "h2", "h3").Run("h1", old, 1, ports: "0.0.0.0:8080->80/tcp");
        var slot = new SlotState { Batch = 0, Host = "h3", Plan = new SlotPlan { Slot = 1, Action = SlotAction.Create, Host = "h3", Old = [], Reason = "missing" } };

        Assert.Equal("h2", Assert.IsType<RolloutEvent.SlotReassigned>(Choose(fleet, next, slot)).Host);
        Assert.Contains("h1: port 8080/tcp is taken there by web.1", Assert.IsType<RolloutEvent.ReplicaFailed>(Choose(World.Hosts("h1", "h3").Run("h1", old, 1, ports: "0.0.0.0:8080->80/tcp"), next, slot)).Report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Slot_may_go_where_its_own_old_replica_makes_room()
    {
        var (old, next) = (Published("app:v1"), Published("app:v2"));
        var fleet = World.Hosts("h1", "h3").Run("h1", old, 1, ports: "0.0.0.0:8080->80/tcp");
        var slot = new SlotState { Batch = 0, Host = "h3", Plan = new SlotPlan { Slot = 1, Action = SlotAction.Replace, Host = "h3", Old = [new Placement("h1", World.IdOf(old), Serving: true)], Reason = "outdated" } };

        Assert.Equal("h1", Assert.IsType<RolloutEvent.SlotReassigned>(Choose(fleet, next, slot)).Host);
    }

    [Fact]
    public void Way_back_is_not_held_up_by_reservations()
    {
        var web = World.Service("web");
        web = web with { Container = web.Container with { Resources = new ResourcesSpec { MemoryReservationBytes = 2_000 } } };
        var fleet = World.Hosts("h1", "h3");
        fleet = fleet.With(fleet.Hosts["h1"] with { Facts = fleet.Hosts["h1"].Facts! with { MemoryBytes = 1_000 } });
        var slot = new SlotState { Batch = 0, Host = "h3", Plan = new SlotPlan { Slot = 1, Action = SlotAction.Create, Host = "h3", Old = [], Reason = "missing" } };

        Assert.IsType<RolloutEvent.ReplicaFailed>(Choose(fleet, web, slot));
        Assert.Equal("h1", Assert.IsType<RolloutEvent.SlotReassigned>(Choose(fleet, web, slot, isRollback: true)).Host);
    }

    [Fact]
    public void Global_slot_is_dropped_with_its_host_unless_that_is_back_and_may_have_it()
    {
        var web = World.Service("web");
        web = web with { Deploy = web.Deploy with { Mode = ServiceMode.Global } };
        var slot = new SlotState { Batch = 0, Host = "h3", Plan = new SlotPlan { Slot = 1, Action = SlotAction.Replace, Host = "h3", Old = [], Reason = "outdated" } };
        var fleet = World.Hosts("h1", "h3");

        Assert.Equal("h3", Assert.IsType<RolloutEvent.SlotReassigned>(Choose(fleet, web, slot)).Host);
        Assert.IsType<RolloutEvent.SlotDropped>(Choose(fleet.With(fleet.Hosts["h3"] with { State = HostState.Down }), web, slot));
        Assert.IsType<RolloutEvent.SlotDropped>(Choose(fleet, web, slot, without: ["h3"]));
        web = web with { Deploy = web.Deploy with { Placement = web.Deploy.Placement with { Constraints = [new ConstraintSpec("node.hostname", true, "h1")] } } };
        Assert.IsType<RolloutEvent.SlotDropped>(Choose(fleet, web, slot));
    }

    private static RolloutEvent Choose(FleetSnapshot fleet, ServiceSpec next, SlotState slot, bool isRollback = false, ImmutableArray<string>? without = null) =>
        Reassigning.Choose(fleet, World.Stack, next, World.Revision(2, next), [slot], ["h3"], without ?? [], new RolloutCommand.Reassign(1, 1), isRollback);

    private static ServiceSpec Published(string image)
    {
        var web = World.Service("web", image);
        return web with { Container = web.Container with { Ports = [new PortSpec { Target = 80, Published = 8080, Mode = PortMode.Host }] } };
    }
}
