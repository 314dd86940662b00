using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Services sorted so that each comes after what it depends on; by code points where the file leaves the order open.</summary>
public static class DependencyOrder
{
    /// <summary>A cycle has been refused when the file was read; what is left of one comes last.</summary>
    public static ImmutableArray<ServiceSpec> Of(ImmutableArray<ServiceSpec> services)
    {
        var open = services.OrderBy(s => s.Name, StringComparer.Ordinal).ToList();
        var names = open.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var placed = new HashSet<string>(StringComparer.Ordinal);
        var order = ImmutableArray.CreateBuilder<ServiceSpec>(open.Count);
        while (open.Count > 0)
        {
            var next = open.Find(s => s.DependsOn.All(d => placed.Contains(d.Service) || !names.Contains(d.Service))) ?? open[0];
            open.Remove(next);
            placed.Add(next.Name);
            order.Add(next);
        }
        return order.ToImmutable();
    }
}
