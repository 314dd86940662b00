using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Planning;

/// <summary>Builds fleets, stacks and revisions for plans, in a line each.</summary>
internal static class World
{
    public const string Stack = "shop";

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static FleetSnapshot Hosts(params string[] hosts) => hosts.Aggregate(FleetSnapshot.Empty, (fleet, name) => fleet.With(Host(name)));

    public static HostSnapshot Host(string name, HostState state = HostState.Ready, params (string Key, string Value)[] labels) => new()
    {
        Name = name,
        State = state,
        Facts = new HostFacts { Name = name, Labels = labels.ToImmutableSortedDictionary(l => l.Key, l => l.Value) },
    };

    public static ServiceSpec Service(string name, string image = "app:v1", int replicas = 1, UpdateSpec? update = null, params string[] after) => new()
    {
        Name = name,
        Container = new ContainerSpec { Image = image },
        Deploy = new DeploySpec { Replicas = replicas, Update = update ?? new UpdateSpec() },
        DependsOn = [.. after.Select(a => new DependencySpec { Service = a })],
    };

    public static StackRevision Revision(int number, params ServiceSpec[] services) => new()
    {
        Number = number,
        Created = Start,
        Spec = new StackSpec { Name = Stack, Services = [.. services] },
        Services = services.ToImmutableSortedDictionary(s => s.Name, s => new ServiceRevision { Id = IdOf(s), ConfigHash = IdOf(s), Image = s.Container.Image }),
        State = RevisionState.Good,
    };

    public static string IdOf(ServiceSpec service) => ConfigHash.Of(new StackSpec { Name = Stack }, service, service.Container.Image);

    public static FleetSnapshot Run(this FleetSnapshot fleet, string host, ServiceSpec service, int slot, ReplicaState state = ReplicaState.Running, ReplicaHealth health = ReplicaHealth.Healthy, params string[] ports)
    {
        var key = new ReplicaKey(Stack, service.Name, slot, IdOf(service));
        var replica = new ReplicaSnapshot { Key = key, ContainerId = $"{host}-{key.ContainerName}", ContainerName = key.ContainerName, State = state, Health = health, Ports = [.. ports], Created = Start };
        var there = fleet.Hosts[host];
        return fleet.With(there with { Replicas = there.Replicas.SetItem(key.ContainerName, replica) });
    }

    /// <summary>Everything on the host was created so much later than at <see cref="Start"/>.</summary>
    public static FleetSnapshot Later(this FleetSnapshot fleet, string host, TimeSpan after)
    {
        var there = fleet.Hosts[host];
        return fleet.With(there with { Replicas = there.Replicas.ToImmutableSortedDictionary(r => r.Key, r => r.Value with { Created = Start + after }, StringComparer.Ordinal) });
    }

    public static FleetSnapshot In(this FleetSnapshot fleet, string host, HostState state) => fleet.With(fleet.Hosts[host] with { State = state });

    public static Plan Plan(FleetSnapshot fleet, StackRevision? current, StackRevision target, bool isRepair = false, params string[] only)
    {
        var result = Planner.Plan(new PlanInput { Stack = Stack, Current = current, Target = target, Fleet = fleet, IsRepair = isRepair, Only = [.. only] });
        Assert.Empty(result.Errors);
        return result.Plan!;
    }

    public static ImmutableArray<string> Errors(FleetSnapshot fleet, StackRevision target) =>
        Planner.Plan(new PlanInput { Stack = Stack, Target = target, Fleet = fleet }).Errors;
}
