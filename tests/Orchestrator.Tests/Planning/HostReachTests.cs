using Orchestrator.Planning;
using Orchestrator.Stacks;
using static Orchestrator.Tests.Planning.World;

namespace Orchestrator.Tests.Planning;

public sealed class HostReachTests
{
    private static readonly ServiceSpec Web = Service("web", replicas: 2);

    [Fact]
    public void Whole_fleet_misses_nothing() => Assert.Empty(Missing(Hosts("h1", "h2").Run("h1", Web, 1)));

    [Fact]
    public void Host_that_is_down_is_missed_for_what_it_has() =>
        Assert.Equal(["host h2 is down: it has web.1, web.2"], Missing(Hosts("h1", "h2").Run("h2", Web, 1).Run("h2", Web, 2).In("h2", HostState.Down)));

    [Fact]
    public void Host_that_is_down_and_has_nothing_is_not_missed() => Assert.Empty(Missing(Hosts("h1", "h2").Run("h1", Web, 1).In("h2", HostState.Down)));

    [Fact]
    public void Host_that_is_disconnected_is_missed_for_what_it_has_only()
    {
        Assert.Equal(["host h2 is disconnected: it has web.1"], Missing(Hosts("h1", "h2").Run("h2", Web, 1).In("h2", HostState.Disconnected)));
        Assert.Empty(Missing(Hosts("h1", "h2").In("h2", HostState.Disconnected)));
    }

    [Fact]
    public void Replica_that_serves_elsewhere_by_now_is_not_missed() =>
        Assert.Equal(["host h2 is down: it has web.2"], Missing(Hosts("h1", "h2").Run("h2", Web, 1).Run("h2", Web, 2).Run("h1", Web, 1).In("h2", HostState.Down)));

    [Fact]
    public void Change_of_some_services_misses_nothing_of_the_others()
    {
        var fleet = Hosts("h1", "h2").Run("h2", Web, 1).In("h2", HostState.Down);

        Assert.Empty(HostReach.Missing(fleet, Stack, [Service("api")], isWhole: false));
        Assert.Single(HostReach.Missing(fleet, Stack, [Service("api")], isWhole: true));
    }

    [Fact]
    public void Host_whose_engine_does_not_answer_is_missed_for_what_it_has()
    {
        var fleet = Hosts("h1", "h2").Run("h2", Web, 1);
        fleet = fleet.With(fleet.Hosts["h2"] with { Facts = fleet.Hosts["h2"].Facts! with { EngineError = "connection refused" } });

        Assert.Equal(["host h2 has an engine that does not answer (connection refused): it has web.1"], Missing(fleet));
    }

    [Fact]
    public void Global_service_needs_every_host_that_it_may_run_on()
    {
        var global = Service("log") with { Deploy = new DeploySpec { Mode = ServiceMode.Global, Placement = new PlacementSpec { Constraints = [new ConstraintSpec("node.hostname", false, "h3")] } } };
        var fleet = Hosts("h1", "h2", "h3").In("h2", HostState.Down).In("h3", HostState.Down);

        Assert.Equal(["host h2 is down: log is global"], Missing(fleet, global));
    }

    [Fact]
    public void Only_host_that_meets_the_constraints_is_needed()
    {
        var pinned = Service("db") with { Deploy = new DeploySpec { Placement = new PlacementSpec { Constraints = [new ConstraintSpec("node.hostname", true, "h2")] } } };

        Assert.Equal(["host h2 is down: no other host meets the constraints of db"], Missing(Hosts("h1", "h2").In("h2", HostState.Down), pinned));
        Assert.Empty(Missing(Hosts("h1", "h2").In("h1", HostState.Down), pinned));
    }

    [Fact]
    public void Without_those_that_are_disconnected_their_replicas_count_as_lost()
    {
        var fleet = Hosts("h1", "h2").Run("h1", Web, 1).Run("h2", Web, 2).In("h2", HostState.Disconnected);

        var plan = Plan(HostReach.Without(fleet), Revision(1, Web), Revision(1, Web));

        Assert.Equal((2, "h1"), (Assert.Single(plan.Services[0].Slots).Slot, plan.Services[0].Slots[0].Host));
        Assert.Equal("host h2 is down and gets nothing; what it has of the stack is put right when it is back", Assert.Single(plan.Warnings));
    }

    private static IEnumerable<string> Missing(FleetSnapshot fleet, params ServiceSpec[] wanted) => HostReach.Missing(fleet, Stack, wanted.Length == 0 ? [Web] : wanted, isWhole: true);
}
