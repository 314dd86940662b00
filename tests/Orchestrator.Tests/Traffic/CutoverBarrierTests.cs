using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Traffic;

public sealed class CutoverBarrierTests
{
    private const string New = "shop-web-1-new@h1";
    private const string Old = "shop-web-1-old@h1";

    private readonly CutoverBarrier barrier = new();

    [Fact]
    public void Endpoint_is_published_when_every_host_shows_the_version_it_came_with()
    {
        Show(1, World.Hosts("h1", "h2"), Serving(Old));
        Show(2, World.Hosts("h1", "h2"), Serving(Old), Serving(New));

        Acknowledge("h1", 2);
        Assert.False(barrier.IsPublished(New));
        Acknowledge("h2", 1);
        Assert.False(barrier.IsPublished(New));
        Acknowledge("h2", 2);
        Assert.True(barrier.IsPublished(New));
    }

    [Fact]
    public void Later_versions_that_leave_an_endpoint_as_it_is_do_not_make_it_wait_again()
    {
        Show(1, World.Hosts("h1"), Serving(New));
        Acknowledge("h1", 1);
        Show(2, World.Hosts("h1"), Serving(New), Serving(Old));
        Assert.True(barrier.IsPublished(New));
    }

    [Fact]
    public void Drain_needs_every_hosts_word_that_nothing_is_open_and_not_only_its_version()
    {
        Show(1, World.Hosts("h1", "h2"), Serving(Old));
        Show(2, World.Hosts("h1", "h2"), Draining(Old));
        Acknowledge("h1", 2, Old);
        Acknowledge("h2", 2);
        Assert.False(barrier.IsDrained(Old));
        Acknowledge("h2", 2, Old);
        Assert.True(barrier.IsDrained(Old));
    }

    [Fact]
    public void Word_of_an_earlier_drain_does_not_count_for_a_later_one()
    {
        Show(1, World.Hosts("h1"), Draining(Old));
        Acknowledge("h1", 1, Old);
        Show(2, World.Hosts("h1"), Serving(Old));
        Acknowledge("h1", 2);
        Show(3, World.Hosts("h1"), Draining(Old));
        Acknowledge("h1", 2, Old);
        Assert.False(barrier.IsDrained(Old));
    }

    [Fact]
    public void Endpoint_that_has_vanished_is_drained_when_every_host_shows_it_gone()
    {
        Show(1, World.Hosts("h1"), Serving(Old));
        Show(2, World.Hosts("h1"));
        Assert.False(barrier.IsDrained(Old));
        Acknowledge("h1", 2);
        Assert.True(barrier.IsDrained(Old));
    }

    [Fact]
    public void Endpoint_that_a_new_coordinator_has_never_shown_is_drained_when_every_host_shows_its_first_version()
    {
        Show(7, World.Hosts("h1", "h2"), Serving(New));
        Acknowledge("h1", 7);
        Acknowledge("h2", 6);
        Assert.False(barrier.IsDrained(Old));
        Acknowledge("h2", 7);
        Assert.True(barrier.IsDrained(Old));
    }

    [Fact]
    public void Disconnected_host_is_waited_for_and_a_down_one_is_not()
    {
        var fleet = World.Hosts("h1", "h2");
        Show(1, fleet.In("h2", HostState.Disconnected), Serving(New));
        Acknowledge("h1", 1);
        Assert.False(barrier.IsPublished(New));
        barrier.Observe(fleet.In("h2", HostState.Down));
        Assert.True(barrier.IsPublished(New));
    }

    [Fact]
    public void Host_that_returns_is_sent_everything_and_counts_again_only_when_it_shows_the_newest()
    {
        var fleet = World.Hosts("h1", "h2");
        Show(1, fleet, Serving(Old));
        Assert.Equal(["h1", "h2"], barrier.TakeUnsent(1));
        barrier.Observe(fleet.In("h2", HostState.Down));
        Show(2, fleet, Serving(Old), Serving(New));
        Assert.Equal(["h1"], barrier.Participants);
        Assert.Equal(["h1", "h2"], barrier.TakeUnsent(2));

        barrier.Acknowledge("h2", Report(1), newest: 2);
        Assert.Equal(["h1"], barrier.Participants);
        barrier.Acknowledge("h2", Report(2), newest: 2);
        Assert.Equal(["h1", "h2"], barrier.Participants.Order());
    }

    [Fact]
    public void Final_problem_names_host_and_sink_and_hosts_behind_say_why()
    {
        Show(3, World.Hosts("h1", "h2"), Serving(New));
        barrier.Acknowledge("h1", Report(2) with { Problems = [new TrafficProblem("ingress", "port 80 belongs to nginx", IsFinal: true)] }, newest: 3);
        Assert.Equal("host h1: ingress: port 80 belongs to nginx", barrier.FinalProblem());
        Assert.Equal(["h1: ingress: port 80 belongs to nginx", "h2: has not answered yet"], barrier.Behind(3).Select(b => $"{b.Key}: {b.Value}"));
    }

    private static Endpoint Serving(string id) => new() { Id = id, Replica = new ReplicaKey("shop", "web", 1, "x"), Host = "h1", Address = "10.0.0.2" };

    private static Endpoint Draining(string id) => Serving(id) with { State = EndpointState.Draining };

    private static AgentEvent.TrafficApplied Report(long version, params string[] drained) => new() { CommandId = "traffic/shop", Stack = "shop", Version = version, Drained = [.. drained] };

    private void Show(long version, FleetSnapshot fleet, params Endpoint[] endpoints)
    {
        barrier.Observe(fleet);
        barrier.Publish([new ServiceTraffic { Service = "web", Spec = new(), Endpoints = [.. endpoints] }], version);
    }

    private void Acknowledge(string host, long version, params string[] drained) => barrier.Acknowledge(host, Report(version, drained), newest: version);
}
