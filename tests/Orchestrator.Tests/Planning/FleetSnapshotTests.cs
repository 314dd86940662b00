using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Tests.Planning;

public sealed class FleetSnapshotTests
{
    private static readonly string[] _stacks = ["a", "b", "c"];

    /// <summary>Its index is kept up change by change; looking through every host is what it must agree with.</summary>
    [Fact]
    public void Replicas_of_a_stack_are_those_of_all_hosts_after_any_series_of_changes()
    {
        var random = new Random(7);
        var fleet = FleetSnapshot.Empty;
        for (var step = 0; step < 500; step++)
        {
            var name = $"h{random.Next(6)}";
            var host = fleet.Hosts.GetValueOrDefault(name) ?? World.Host(name);
            var replica = Replica(_stacks[random.Next(_stacks.Length)], random.Next(4));
            host = random.Next(3) switch
            {
                0 => host with { Replicas = host.Replicas.Remove(replica.ContainerName) },
                1 => host with { State = host.State == HostState.Down ? HostState.Ready : HostState.Down },
                _ => host with { Replicas = host.Replicas.SetItem(replica.ContainerName, replica) },
            };
            var before = fleet;
            fleet = fleet.With(host);
            foreach (var stack in _stacks)
            {
                Assert.Equal(before.Replicas(stack).Concat(before.Lost(stack)).SequenceEqual(fleet.Replicas(stack).Concat(fleet.Lost(stack)), SameStandAndReplica), ReferenceEquals(before.PresenceOf(stack), fleet.PresenceOf(stack)));
                var expected = fleet.Hosts.Values.Where(h => h.State != HostState.Down).SelectMany(h => h.Replicas.Values.Where(r => r.Key.Stack == stack).Select(r => (h, r)));
                Assert.Equal(expected, fleet.Replicas(stack));
                Assert.Equal(expected, new FleetSnapshot(fleet.Hosts).Replicas(stack));
            }
        }
    }

    private static readonly IEqualityComparer<(HostSnapshot Host, ReplicaSnapshot Replica)> SameStandAndReplica =
        EqualityComparer<(HostSnapshot Host, ReplicaSnapshot Replica)>.Create((a, b) => ReferenceEquals(a.Replica, b.Replica) && (a.Host.Name, a.Host.State) == (b.Host.Name, b.Host.State));

    [Fact]
    public void Fleet_is_heard_while_no_host_is_unknown()
    {
        var fleet = World.Hosts("h1", "h2").In("h1", HostState.Unknown).In("h2", HostState.Unknown);
        Assert.False(fleet.IsHeard);
        Assert.False((fleet = fleet.In("h1", HostState.Ready)).IsHeard);
        Assert.True((fleet = fleet.In("h2", HostState.Down)).IsHeard);
        Assert.True(new FleetSnapshot(fleet.Hosts).IsHeard);
        Assert.False(new FleetSnapshot(fleet.In("h2", HostState.Unknown).Hosts).IsHeard);
    }

    [Fact]
    public void Addresses_stay_the_same_object_until_a_host_or_an_address_changes()
    {
        var fleet = World.Hosts("h1", "h2");
        var same = fleet.With(fleet.Hosts["h1"] with { State = HostState.Disconnected, Replicas = fleet.Hosts["h1"].Replicas.SetItem("x", Replica("a", 1)) });
        var other = fleet.With(fleet.Hosts["h1"] with { Facts = fleet.Hosts["h1"].Facts! with { Address = "10.0.0.1" } });

        Assert.Same(fleet.Addresses, same.Addresses);
        Assert.NotSame(fleet.Addresses, other.Addresses);
        Assert.NotSame(fleet.Addresses, fleet.With(World.Host("h3")).Addresses);
    }

    private static ReplicaSnapshot Replica(string stack, int slot)
    {
        var key = new ReplicaKey(stack, "web", slot, "abc");
        return new ReplicaSnapshot { Key = key, ContainerId = key.ContainerName, ContainerName = key.ContainerName, State = ReplicaState.Running };
    }
}
