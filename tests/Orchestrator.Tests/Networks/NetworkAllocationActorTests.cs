using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Networks;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Store;

namespace Orchestrator.Tests.Networks;

public sealed class NetworkAllocationActorTests : TestKit
{
    private static readonly ImmutableSortedDictionary<string, NetworkSpec> Default =
        ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("default", new NetworkSpec { EngineName = "shop_default" });

    private readonly FailingStore _store = new();

    private IActorRef Start(OverlayOptions? options = null)
    {
        var (store, used) = (_store, options ?? new OverlayOptions());
        return Sys.ActorOf(Props.Create(() => new NetworkAllocationActor(used, store, NullLogger.Instance)));
    }

    [Fact]
    public async Task Allocation_is_stored_before_it_is_answered_and_the_next_incarnation_knows_it()
    {
        Start().Tell(new AllocationMessage.Allocate("shop", Default, ["h1", "h2"]), TestActor);
        var first = ExpectMsg<AllocationMessage.Allocated>();
        Assert.NotNull(await _store.GetAsync(NetworkAllocationActor.StoreKey, CancellationToken.None));

        Start().Tell(new AllocationMessage.Allocate("shop", Default, ["h2", "h3"]), TestActor);
        var second = ExpectMsg<AllocationMessage.Allocated>();

        Assert.Equal(first.SlicesOf("h2")["default"].Range, second.SlicesOf("h2")["default"].Range);
        Assert.Equal(3, new[] { "h1", "h2", "h3" }.Select(h => second.SlicesOf(h)["default"].Range).Distinct().Count());
        Assert.Equal(["h1", "h3"], second.Peers(new Dictionary<string, string> { ["h1"] = "192.168.0.1", ["h3"] = "192.168.0.3" }).Select(p => p.Host));
    }

    [Fact]
    public void Store_that_fails_at_the_start_is_tried_again_after_a_pause_and_who_asks_waits()
    {
        Start().Tell(new AllocationMessage.Allocate("shop", Default, ["h1", "h2"]), TestActor);
        var first = ExpectMsg<AllocationMessage.Allocated>();
        _store.FailedReads = 2;
        var (reads, began) = (_store.Reads, TimeProvider.System.GetTimestamp());

        Start().Tell(new AllocationMessage.Allocate("shop", Default, ["h2"]), TestActor);

        Assert.Equal(first.SlicesOf("h2")["default"].Range, ExpectMsg<AllocationMessage.Allocated>(TimeSpan.FromSeconds(10)).SlicesOf("h2")["default"].Range);
        Assert.Equal(3, _store.Reads - reads);
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(1.4), "half a second, then a whole one");
    }

    [Fact]
    public async Task Proposal_says_what_would_be_had_and_keeps_nothing_of_it()
    {
        var actor = Start();
        actor.Tell(new AllocationMessage.Allocate("shop", Default, ["h1"], IsProposal: true), TestActor);
        Assert.Equal("10.128.0.0/18", ExpectMsg<AllocationMessage.Allocated>().SlicesOf("h1")["default"].Subnet);
        Assert.Null(await _store.GetAsync(NetworkAllocationActor.StoreKey, CancellationToken.None));

        actor.Tell(new AllocationMessage.Allocate("shop", Default.SetItem("default", Default["default"] with { Subnet = "10.200.0.0/16" }), ["h1"]), TestActor);
        Assert.Equal("10.200.0.0/16", ExpectMsg<AllocationMessage.Allocated>().SlicesOf("h1")["default"].Subnet);
    }

    [Fact]
    public void Gone_stack_and_forgotten_host_free_what_they_had()
    {
        var actor = Start();
        actor.Tell(new AllocationMessage.Allocate("shop", Default, ["h1", "h2"]), TestActor);
        ExpectMsg<AllocationMessage.Allocated>();

        actor.Tell(new AllocationMessage.Forget("h1"), TestActor);
        actor.Tell(new AllocationMessage.Allocate("shop", Default, ["h2", "h3"]), TestActor);
        Assert.Equal("10.128.0.0/25", ExpectMsg<AllocationMessage.Allocated>().SlicesOf("h3")["default"].Range);

        actor.Tell(new AllocationMessage.Keep("shop", []), TestActor);
        actor.Tell(new AllocationMessage.Allocate("other", ImmutableSortedDictionary<string, NetworkSpec>.Empty, ["h2"]), TestActor);
        Assert.Empty(ExpectMsg<AllocationMessage.Allocated>().Allocations.Networks);
    }

    [Fact]
    public void Pool_that_is_none_is_refused_and_nothing_is_kept()
    {
        Start(new OverlayOptions { Pool = "somewhere" }).Tell(new AllocationMessage.Allocate("shop", Default, ["h1"]), TestActor);

        Assert.Contains("somewhere", Assert.Single(ExpectMsg<AllocationMessage.Refused>().Errors), StringComparison.Ordinal);
    }
}
