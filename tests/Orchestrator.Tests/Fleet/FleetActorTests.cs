using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Tests.Store;

namespace Orchestrator.Tests.Fleet;

/// <summary>Who is told of a change of a host.</summary>
public sealed class FleetActorTests : ActorTestKit
{
    private readonly FailingStore store = new();
    private IActorRef fleet = ActorRefs.Nobody;

    [Fact]
    public async Task Hosts_that_are_known_and_return_concern_the_stacks_they_have_and_all_stacks_with_the_last_of_them()
    {
        await StartAsync("h1", "h2");
        Connect("h1");
        Report("h1", "shop");
        Assert.Equal(("shop", ChangeScope.Awaited), Told("h1"));
        Connect("h2");
        Report("h2", "blog");
        Assert.Equal(("blog", ChangeScope.All), Told("h2"));
    }

    [Fact]
    public async Task Host_that_is_back_before_it_was_down_concerns_its_own_stacks_and_those_that_wait_for_hosts()
    {
        await StartAsync("h1");
        var link = Connect("h1");
        Report("h1", "blog", "shop");
        Told("h1");

        fleet.Tell(new FleetMessage.AgentDisconnected("h1", link, "broken"));
        Assert.Equal(("blog shop", ChangeScope.Named), Told("h1"));
        Connect("h1");
        Report("h1", "blog", "shop");
        Assert.Equal(("blog shop", ChangeScope.Awaited), Told("h1"));
        Report("h1", "blog", "mail");
        Assert.Equal(("mail shop", ChangeScope.Named), Told("h1"));
    }

    [Fact]
    public async Task Host_with_no_replica_that_loses_its_link_concerns_nobody_until_it_is_down()
    {
        await StartAsync(TimeSpan.FromMilliseconds(500), "h1");
        var link = Connect("h1");
        Report("h1");
        Told("h1");
        fleet.Tell(new FleetMessage.AgentDisconnected("h1", link, "broken"));
        Assert.Equal(("", ChangeScope.Standing), Told("h1"));

        // It is back for too short a time to report.
        fleet.Tell(new FleetMessage.AgentDisconnected("h1", Connect("h1"), "broken again"));
        Connect("h1");
        Report("h1");
        Assert.Equal(("", ChangeScope.Standing), Told("h1"));
    }

    [Fact]
    public async Task Host_that_loses_its_link_before_it_has_ever_reported_is_not_one_with_nothing_on_it()
    {
        await StartAsync("h1", "h2");
        Connect("h1");
        Report("h1", "shop");
        fleet.Tell(new FleetMessage.AgentDisconnected("h2", Connect("h2"), "broken"));
        var known = FleetSnapshot.Empty;
        await AwaitConditionAsync(() => (known = fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), TimeSpan.FromSeconds(5)).GetAwaiter().GetResult()).Hosts["h2"].LastSeen is not null);
        Assert.Equal((HostState.Unknown, false), (known.Hosts["h2"].State, known.IsHeard));

        fleet.Tell(new FleetMessage.GetFleet(), TestActor);
        Connect("h2");
        Report("h2", "blog");
        Assert.Equal(2, FishForMessage<FleetSnapshot>(_ => true).Hosts.Values.Count(h => h.State == HostState.Ready));
    }

    [Fact]
    public async Task Host_that_is_new_or_has_another_label_concerns_every_stack()
    {
        await StartAsync();
        Connect("h1");
        Report("h1");
        Assert.Equal(("", ChangeScope.All), Told("h1"));
        host!.Tell(new AgentEvent.InventoryReported(Facts("h1") with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("disk", "ssd") }, []));
        Assert.Equal(("", ChangeScope.All), Told("h1"));
    }

    [Fact]
    public async Task Fleet_goes_on_while_its_store_fails_and_says_that_a_host_could_not_be_removed()
    {
        await StartAsync(TimeSpan.FromMilliseconds(50), "h2");
        store.Failures = 1;
        var link = Connect("h1");
        Report("h1", "shop");
        Told("h1");

        fleet.Tell(new FleetMessage.AgentDisconnected("h1", link, "broken"));
        FishForMessage<FleetMessage.HostLost>(l => l.Host == "h1");
        store.Failures = 1;
        fleet.Tell(new FleetMessage.Forget("h1"), TestActor);
        Assert.Contains("host h1 stays, for the store failed", FishForMessage<FleetMessage.HostForgotten>(_ => true).Error, StringComparison.Ordinal);
        fleet.Tell(new FleetMessage.Forget("h1"), TestActor);
        Assert.Null(FishForMessage<FleetMessage.HostForgotten>(_ => true).Error);
    }

    [Fact]
    public async Task Before_a_change_only_hosts_are_asked_that_have_something_of_its_stack_or_a_replica_of_it_on_its_way()
    {
        await StartAsync();
        var (has, stops, other) = (Joined("h1", "shop"), Joined("h2", "blog"), Joined("h3", "blog"));
        fleet.Tell(new FleetMessage.Send("h2", new AgentCommand.StopReplica { CommandId = "stop", Key = new ReplicaKey("shop", "web", 2, "r1") }), TestActor);
        Assert.Equal("stop", stops.Link.ExpectMsg<AgentCommand.StopReplica>().CommandId);

        fleet.Tell(new FleetMessage.GetFleet("shop"), TestActor);
        has.Link.ExpectMsg<AgentCommand.ReportInventory>();
        stops.Link.ExpectMsg<AgentCommand.ReportInventory>();
        Report(has.Host, "h1", "shop", "mail");
        Report(stops.Host, "h2", "blog", "shop");
        var answer = FishForMessage<FleetSnapshot>(_ => true);
        Assert.Equal("h1 h2", string.Join(' ', answer.Replicas("shop").Select(r => r.Host.Name).Order(StringComparer.Ordinal)));
        other.Link.ExpectNoMsg(TimeSpan.Zero);

        fleet.Tell(new FleetMessage.GetFleet("new"), TestActor);
        Assert.Equal(3, FishForMessage<FleetSnapshot>(_ => true).Hosts.Count);
    }

    private (TestProbe Link, IActorRef Host) Joined(string name, params string[] stacks)
    {
        var link = CreateTestProbe();
        var uplink = Connect(name, link);
        Report(uplink, name, stacks);
        Told(name);
        return (link, uplink);
    }

    [Fact]
    public async Task Fleet_whose_store_fails_at_its_start_tries_again_after_a_pause_and_answers_nobody_before()
    {
        await store.CommitAsync([new StoreChange.Put("hosts/h1", JsonSerializer.Serialize(Facts("h1"), StoreJson.Default.HostFacts))], CancellationToken.None);
        store.FailedReads = 2;
        var began = TimeProvider.System.GetTimestamp();
        var (entries, options) = (store, new FleetOptions());
        fleet = Sys.ActorOf(Props.Create(() => new FleetActor(options, entries, NullLoggerFactory.Instance)));

        fleet.Tell(new FleetMessage.PeekFleet(), TestActor);

        Assert.Equal("h1", Assert.Single(ExpectMsg<FleetSnapshot>(TimeSpan.FromSeconds(10)).Hosts).Key);
        Assert.Equal(3, store.Reads);
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(1.4), "half a second, then a whole one");
    }

    private IActorRef? host;

    private Task StartAsync(params string[] known) => StartAsync(TimeSpan.FromMinutes(1), known);

    private async Task StartAsync(TimeSpan downAfter, params string[] known)
    {
        await store.CommitAsync([.. known.Select(h => new StoreChange.Put($"hosts/{h}", JsonSerializer.Serialize(Facts(h), StoreJson.Default.HostFacts)))], CancellationToken.None);
        var (entries, options) = (store, new FleetOptions { RemembersHosts = true, HostDownAfter = downAfter });
        fleet = Sys.ActorOf(Props.Create(() => new FleetActor(options, entries, NullLoggerFactory.Instance)));
        await AwaitConditionAsync(() => fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), TimeSpan.FromSeconds(5)).GetAwaiter().GetResult().Hosts.Count == known.Length);
        fleet.Tell(new FleetMessage.Subscribe(Replicas: true), TestActor);
    }

    private IActorRef Connect(string name)
    {
        var link = CreateTestProbe();
        host = Connect(name, link);
        return link.Ref;
    }

    private IActorRef Connect(string name, TestProbe link)
    {
        fleet.Tell(new FleetMessage.AgentConnected(name, link.Ref), link.Ref);
        return link.ExpectMsg<FleetMessage.SessionOpened>().Uplink;
    }

    private void Report(string name, params string[] stacks) => Report(host!, name, stacks);

    private static void Report(IActorRef host, string name, params string[] stacks) => host.Tell(new AgentEvent.InventoryReported(
        Facts(name),
        [.. stacks.Select(s => new ReplicaKey(s, "web", 1, "r1")).Select(k => new ReplicaSnapshot { Key = k, ContainerId = k.ContainerName, ContainerName = k.ContainerName, State = ReplicaState.Running, Created = World.Start })]));

    private static HostFacts Facts(string name) => World.Host(name).Facts!;

    private (string Stacks, ChangeScope Scope) Told(string name)
    {
        var changed = FishForMessage<FleetMessage.Changed>(c => c.Host == name);
        return (string.Join(' ', changed.Stacks.Order(StringComparer.Ordinal)), changed.Scope);
    }
}
