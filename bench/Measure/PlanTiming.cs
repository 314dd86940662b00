using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Measure;

/// <summary>The planner alone, on a fleet made of values.</summary>
internal static class PlanTiming
{
    private const int Rounds = 5;

    public static void Run(int hosts, int replicas)
    {
        var empty = Fleet(hosts);
        var (old, @new) = (Revision(1, "web:v1", "aa", replicas), Revision(2, "web:v2", "bb", replicas));
        var first = new PlanInput { Stack = "big", Target = old, Fleet = empty };
        var deployed = Deployed(empty, Planned(first), old);
        Time("first deploy", hosts, replicas, first);
        Time("nothing to do", hosts, replicas, new PlanInput { Stack = "big", Current = old, Target = old, Fleet = deployed });
        Time("all outdated", hosts, replicas, new PlanInput { Stack = "big", Current = old, Target = @new, Fleet = deployed });
    }

    private static Plan Planned(PlanInput input)
    {
        var result = Planner.Plan(input);
        return result.Plan ?? throw new InvalidOperationException(string.Join("; ", result.Errors.Take(3)));
    }

    private static void Time(string name, int hosts, int replicas, PlanInput input)
    {
        var times = new List<double>();
        var slots = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            slots = Planned(input).Services.Sum(s => s.Slots.Length);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{{\"plan\":\"{name}\",\"hosts\":{hosts},\"replicas\":{replicas},\"slots\":{slots},\"medianMs\":{times[Rounds / 2]:0.0},\"firstMs\":{times[^1]:0.0}}}"));
    }

    private static FleetSnapshot Fleet(int hosts)
    {
        var fleet = ImmutableSortedDictionary.CreateBuilder<string, HostSnapshot>(StringComparer.Ordinal);
        for (var number = 1; number <= hosts; number++)
        {
            var name = $"s{number}";
            var facts = new HostFacts { Name = name, Cpus = 32, MemoryBytes = 128L << 30, Labels = ImmutableSortedDictionary<string, string>.Empty.Add("zone", $"z{number % 5}") };
            fleet.Add(name, new HostSnapshot { Name = name, State = HostState.Ready, Facts = facts });
        }
        return new FleetSnapshot(fleet.ToImmutable());
    }

    private static FleetSnapshot Deployed(FleetSnapshot fleet, Plan plan, StackRevision revision)
    {
        var byHost = new Dictionary<string, ImmutableSortedDictionary<string, ReplicaSnapshot>.Builder>(StringComparer.Ordinal);
        foreach (var service in plan.Services)
        {
            foreach (var slot in service.Slots)
            {
                var key = new ReplicaKey(plan.Stack, service.Service, slot.Slot, service.ToRevision);
                if (!byHost.TryGetValue(slot.Host!, out var replicas))
                {
                    byHost[slot.Host!] = replicas = ImmutableSortedDictionary.CreateBuilder<string, ReplicaSnapshot>(StringComparer.Ordinal);
                }
                replicas.Add(key.ContainerName, new ReplicaSnapshot { Key = key, ContainerId = key.ContainerName, ContainerName = key.ContainerName, State = ReplicaState.Running, ConfigHash = revision.Services[service.Service].ConfigHash });
            }
        }
        return new FleetSnapshot(fleet.Hosts.ToImmutableSortedDictionary(h => h.Key, h => h.Value with { Replicas = byHost.TryGetValue(h.Key, out var r) ? r.ToImmutable() : h.Value.Replicas }, StringComparer.Ordinal));
    }

    /// <summary>Ten services of equal size, spread over a label, the later half depending on the first half.</summary>
    private static StackRevision Revision(int number, string image, string digit, int replicas)
    {
        const int services = 10;
        var specs = Enumerable.Range(1, services).Select(s => new ServiceSpec
        {
            Name = $"web{s}",
            Container = new ContainerSpec { Image = image },
            DependsOn = s > services / 2 ? [new DependencySpec { Service = $"web{s - (services / 2)}" }] : [],
            Deploy = new DeploySpec { Replicas = replicas / services, Placement = new PlacementSpec { SpreadBy = ["node.labels.zone"] } },
        }).ToImmutableArray();
        var hash = string.Concat(Enumerable.Repeat(digit, 32));
        return new StackRevision
        {
            Number = number,
            Created = DateTimeOffset.UnixEpoch,
            Spec = new StackSpec { Name = "big", Services = specs },
            Services = specs.ToImmutableSortedDictionary(s => s.Name, _ => new ServiceRevision { Id = hash, ConfigHash = hash, Image = image }, StringComparer.Ordinal),
            State = RevisionState.Good,
        };
    }
}
