using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>What can only be seen with all services in hand.</summary>
internal static class StackChecks
{
    public static void Check(ImmutableArray<ServiceSpec> services, Value section)
    {
        CheckDependencies(services, section);
        CheckCycles(services, section);
        CheckContainerNames(services, section);
    }

    private static void CheckDependencies(ImmutableArray<ServiceSpec> services, Value section)
    {
        var byName = services.ToDictionary(s => s.Name, StringComparer.Ordinal);
        foreach (var service in services)
        {
            foreach (var dependency in service.DependsOn)
            {
                var at = PlaceOf(section, service, dependency.Service);
                if (!byName.TryGetValue(dependency.Service, out var target))
                {
                    var message = $"the service `{dependency.Service}` is not defined";
                    var remedy = Spelling.DidYouMean(dependency.Service, byName.Keys, "service");
                    if (dependency.Required)
                        at.Error(message, remedy);
                    else
                        at.Warn(message, "it is not required, so the stack goes on without it");
                }
                else if (dependency.Condition == DependencyCondition.Healthy)
                {
                    CheckHealthy(at, target);
                }
            }
        }
    }

    private static void CheckHealthy(Value at, ServiceSpec target)
    {
        if (target.Container.Ready is not null)
            return;
        if (target.Container.Healthcheck is { Test: ["NONE"] })
            at.Error($"waits for {target.Name} to be healthy, but its healthcheck is disabled", "enable it, or wait for service_started");
        else if (target.Container.Healthcheck is null or { Test: [] })
            at.Warn($"waits for {target.Name} to be healthy, but the file gives it no healthcheck; its image must have one", "add `healthcheck:` to be sure");
    }

    /// <summary>One error per knot of services, told from the service whose name sorts first.</summary>
    private static void CheckCycles(ImmutableArray<ServiceSpec> services, Value section)
    {
        var edges = services.ToDictionary(
            s => s.Name,
            s => s.DependsOn.Select(d => d.Service).Order(StringComparer.Ordinal).ToArray(),
            StringComparer.Ordinal);
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in edges.Keys.Order(StringComparer.Ordinal))
        {
            if (told.Contains(name) || PathBack(name, edges) is not { } path)
                continue;
            told.UnionWith(path);
            var service = services.First(s => s.Name == name);
            PlaceOf(section, service, path.Count > 1 ? path[1] : name)
                .Error($"services depend on each other in a circle: {string.Join(" -> ", path.Append(name))}", "remove one of these dependencies");
        }
    }

    /// <summary>The shortest way from a service back to itself, breadth first; null when there is none.</summary>
    private static List<string>? PathBack(string start, Dictionary<string, string[]> edges)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var queue = new Queue<string>([start]);
        while (queue.TryDequeue(out var at))
        {
            foreach (var next in edges.GetValueOrDefault(at, []))
            {
                if (next == start)
                {
                    var path = new List<string> { at };
                    while (path[^1] != start)
                        path.Add(cameFrom[path[^1]]);
                    path.Reverse();
                    return path;
                }

                if (cameFrom.TryAdd(next, at))
                    queue.Enqueue(next);
            }
        }

        return null;
    }

    private static void CheckContainerNames(ImmutableArray<ServiceSpec> services, Value section)
    {
        foreach (var group in services.Where(s => s.Container.ContainerName is not null).GroupBy(s => s.Container.ContainerName, StringComparer.Ordinal))
        {
            foreach (var second in group.Skip(1))
                section.Find(second.Name)?.Find("container_name")?.Error($"the container name {group.Key} is already that of {group.First().Name}", "give each service its own");
        }
    }

    private static Value PlaceOf(Value section, ServiceSpec service, string dependency)
    {
        var dependsOn = section.Find(service.Name)?.Find("depends_on");
        if (dependsOn is { IsMap: true })
            return dependsOn.KeyOf(dependency) ?? dependsOn;
        return dependsOn?.Items().FirstOrDefault(i => i.Node is Yaml.Node.Scalar s && s.Text == dependency) ?? dependsOn ?? section;
    }
}
