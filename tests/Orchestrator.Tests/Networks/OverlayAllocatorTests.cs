using System.Collections.Immutable;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Networks;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Networks;

public sealed class OverlayAllocatorTests
{
    private static readonly OverlayOptions Small = new() { Pool = "10.128.0.0/20", NetworkPrefix = 23, SlicePrefix = 25 };

    private static KeyValuePair<string, NetworkSpec> Net(string key, Func<NetworkSpec, NetworkSpec>? change = null)
    {
        var spec = new NetworkSpec { EngineName = "shop_" + key };
        return new(key, change?.Invoke(spec) ?? spec);
    }

    private static OverlayAllocations Good(OverlayOutcome outcome)
    {
        Assert.Empty(outcome.Errors);
        return outcome.Allocations;
    }

    private static string Refused(params KeyValuePair<string, NetworkSpec>[] networks) =>
        Assert.Single(OverlayAllocator.Ensure(OverlayAllocations.Empty, new OverlayOptions(), "shop", networks, ["h1"]).Errors);

    [Fact]
    public void Each_host_gets_a_part_whose_second_address_is_its_gateway()
    {
        var state = Good(OverlayAllocator.Ensure(OverlayAllocations.Empty, new OverlayOptions(), "shop", [Net("default")], ["h1", "h2", "h3"]));

        var slices = new[] { "h1", "h2", "h3" }.Select(h => OverlayAllocator.SliceOf(state, "default", Net("default").Value, h)!).ToArray();
        Assert.All(slices, s => Assert.Equal(("10.128.0.0/18", 1), (s.Subnet, s.Vni)));
        Assert.Equal(["10.128.0.0/25", "10.128.0.128/25", "10.128.1.0/25"], slices.Select(s => s.Range));
        Assert.Equal(["10.128.0.1", "10.128.0.129", "10.128.1.1"], slices.Select(s => s.Gateway));
        Assert.Equal(["10.128.0.129", "10.128.1.1"], slices[1].Resolvers.ToArray());
        Assert.Equal(["10.128.1.1", "10.128.0.1"], slices[2].Resolvers.ToArray());
    }

    [Fact]
    public void Peers_are_the_hosts_that_said_where_they_are_reached()
    {
        var state = Good(OverlayAllocator.Ensure(OverlayAllocations.Empty, new OverlayOptions(), "shop", [Net("default")], ["h1", "h2", "h3"]));

        var peers = OverlayAllocator.Peers(state, ["shop_default"], new Dictionary<string, string> { ["h1"] = "192.168.0.1", ["h2"] = "192.168.0.2" });

        Assert.Equal([new OverlayPeer("shop_default", "h1", "192.168.0.1", "10.128.0.1"), new OverlayPeer("shop_default", "h2", "192.168.0.2", "10.128.0.129")], peers.ToArray());
    }

    [Fact]
    public void Networks_of_the_engine_are_passed_over()
    {
        var state = Good(OverlayAllocator.Ensure(
            OverlayAllocations.Empty, new OverlayOptions(), "shop", [Net("proxy", n => n with { External = true }), Net("lan", n => n with { Driver = "macvlan" }), Net("in", n => n with { Internal = true })], ["h1"]));

        Assert.Equal(["shop_in"], state.Networks.Keys);
    }

    [Fact]
    public void Own_subnet_is_used_and_its_parts_are_cut_from_it()
    {
        var network = Net("default", n => n with { Subnet = "172.30.4.0/22" });
        var state = Good(OverlayAllocator.Ensure(OverlayAllocations.Empty, new OverlayOptions(), "shop", [network], ["h1", "h2"]));

        Assert.Equal("172.30.4.128/25", OverlayAllocator.SliceOf(state, "default", network.Value, "h2")!.Range);
    }

    [Fact]
    public void What_cannot_span_hosts_is_refused_with_what_to_do()
    {
        Assert.Contains("too small to span hosts", Refused(Net("a", n => n with { Subnet = "172.30.4.0/26" })), StringComparison.Ordinal);
        Assert.Contains("leave it out", Refused(Net("a", n => n with { Gateway = "172.30.4.1" })), StringComparison.Ordinal);
        Assert.Contains("enable_ipv6", Refused(Net("a", n => n with { EnableIpv6 = true })), StringComparison.Ordinal);
        Assert.Contains("encrypted", Refused(Net("a", n => n with { Driver = "overlay", DriverOptions = n.DriverOptions.Add("encrypted", "true") })), StringComparison.Ordinal);
        Assert.Contains("overlaps", Refused(Net("a", n => n with { Subnet = "172.30.0.0/20" }), Net("b", n => n with { Subnet = "172.30.4.0/22" })), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_subnet_for_an_allocated_network_is_refused()
    {
        var state = Good(OverlayAllocator.Ensure(OverlayAllocations.Empty, new OverlayOptions(), "shop", [Net("default")], ["h1"]));

        var outcome = OverlayAllocator.Ensure(state, new OverlayOptions(), "shop", [Net("default", n => n with { Subnet = "172.30.0.0/16" })], ["h1"]);

        Assert.Contains("has the subnet 10.128.0.0/18", Assert.Single(outcome.Errors), StringComparison.Ordinal);
        Assert.Same(state, outcome.Allocations);
    }

    [Fact]
    public void One_host_too_many_and_one_network_too_many_are_clear_errors()
    {
        var hosts = OverlayAllocator.Ensure(OverlayAllocations.Empty, Small, "shop", [Net("default")], Enumerable.Range(1, 5).Select(n => $"h{n}"));
        Assert.Contains("room for 4 hosts", Assert.Single(hosts.Errors), StringComparison.Ordinal);

        var networks = OverlayAllocator.Ensure(OverlayAllocations.Empty, Small, "shop", Enumerable.Range(1, 9).Select(n => Net($"n{n}")), ["h1"]);
        Assert.Contains("all 8 subnets", Assert.Single(networks.Errors), StringComparison.Ordinal);
        Assert.Same(OverlayAllocations.Empty, networks.Allocations);
    }

    [Fact]
    public void Freed_addresses_are_the_last_to_be_given_again()
    {
        var first = Good(OverlayAllocator.Ensure(OverlayAllocations.Empty, Small, "shop", [Net("a")], ["h1"]));
        var second = Good(OverlayAllocator.Ensure(OverlayAllocator.Keep(first, "shop", new HashSet<string>()), Small, "shop", [Net("b")], ["h1"]));

        Assert.Equal(("10.128.2.0/23", 2), (second.Networks["shop_b"].Subnet, second.Networks["shop_b"].Vni));
    }

    [Fact]
    public void Network_of_two_stacks_is_freed_by_the_second()
    {
        var both = Good(OverlayAllocator.Ensure(Good(OverlayAllocator.Ensure(OverlayAllocations.Empty, Small, "a", [Net("x")], ["h1"])), Small, "b", [Net("x")], ["h1"]));

        var one = OverlayAllocator.Keep(both, "a", new HashSet<string>());

        Assert.Equal(["b"], one.Networks["shop_x"].Stacks);
        Assert.Empty(OverlayAllocator.Keep(one, "b", new HashSet<string>()).Networks);
    }

    /// <summary>A course of deploys, removals, and hosts that come and go.</summary>
    [Fact]
    public void Any_course_overlaps_nothing_moves_nothing_and_is_repeatable()
    {
        var step = Gen.Choose(0, 9).Two().Zip(Gen.Choose(1, 6)).Select(s => (Kind: s.Item1.Item1, Network: s.Item1.Item2, Hosts: s.Item2));
        Prop.ForAll(step.ListOf().ToArbitrary(), steps =>
        {
            var (state, again) = (OverlayAllocations.Empty, OverlayAllocations.Empty);
            foreach (var (kind, network, hosts) in steps)
            {
                var before = state;
                state = Take(state, kind, network, hosts);
                again = Take(again, kind, network, hosts);
                Hold(state);
                if (kind < 7) KeptAllOf(before, state);
            }

            Assert.Equal(Text(state), Text(again));
        }).QuickCheckThrowOnFailure();
    }

    private static OverlayAllocations Take(OverlayAllocations state, int kind, int network, int hosts) => kind switch
    {
        < 7 => OverlayAllocator.Ensure(state, Small, "shop", [Net($"n{network}")], Enumerable.Range(network % 3, hosts).Select(n => $"h{n}")).Allocations,
        7 => OverlayAllocator.Keep(state, "shop", state.Networks.Keys.Where(n => n != $"shop_n{network}").ToHashSet()),
        _ => OverlayAllocator.Forget(state, $"h{network % 6}"),
    };

    private static void Hold(OverlayAllocations state)
    {
        var subnets = state.Networks.Values.Select(n => Ipv4Block.Parse(n.Subnet)!.Value).ToArray();
        Apart(subnets);
        Assert.Equal(state.Networks.Count, state.Networks.Values.Select(n => n.Vni).Distinct().Count());
        Assert.All(state.Networks.Values, n => Assert.InRange(n.Vni, 1, 16_777_215));
        foreach (var (network, subnet) in state.Networks.Values.Zip(subnets))
        {
            var ranges = network.Ranges.Values.Select(r => Ipv4Block.Parse(r)!.Value).ToArray();
            Apart(ranges);
            Assert.All(ranges, r => Assert.True(subnet.Contains(r.Base) && r.Prefix >= subnet.Prefix, $"{r} is not in {subnet}"));
        }
    }

    private static void Apart(Ipv4Block[] blocks)
    {
        for (var a = 0; a < blocks.Length; a++)
        {
            for (var b = a + 1; b < blocks.Length; b++) Assert.False(blocks[a].Overlaps(blocks[b]), $"{blocks[a]} and {blocks[b]}");
        }
    }

    private static void KeptAllOf(OverlayAllocations before, OverlayAllocations after)
    {
        foreach (var (name, network) in before.Networks)
        {
            Assert.Equal((network.Subnet, network.Vni), (after.Networks[name].Subnet, after.Networks[name].Vni));
            Assert.All(network.Ranges, r => Assert.Equal(r.Value, after.Networks[name].Ranges[r.Key]));
        }
    }

    private static string Text(OverlayAllocations state) => JsonSerializer.Serialize(state, Orchestrator.Store.StoreJson.Default.OverlayAllocations);
}
