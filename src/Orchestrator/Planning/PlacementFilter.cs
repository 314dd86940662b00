using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Whether a host may run a service: constraints and the image; ports and counts change while a plan is made and are the <see cref="PlacementBoard"/>'s.</summary>
public static class PlacementFilter
{
    /// <summary>Null when the host is eligible, else why not, for people.</summary>
    public static string? Refusal(HostSnapshot host, ServiceSpec service, ServiceRevision revision)
    {
        if (!host.IsSchedulable)
        {
            return host.Facts?.EngineError is { } error ? $"its engine does not answer ({error})" : $"is {host.State.ToString().ToLowerInvariant()}";
        }
        return ConstraintRefusal(host, service, revision);
    }

    /// <summary>As <see cref="Refusal"/>, for a host whose replicas are there already: its present state does not count.</summary>
    public static string? ConstraintRefusal(HostSnapshot host, ServiceSpec service, ServiceRevision revision)
    {
        foreach (var constraint in service.Deploy.Placement.Constraints)
        {
            var actual = ValueOf(host, constraint.Key);
            if (string.Equals(actual, constraint.Value, StringComparison.OrdinalIgnoreCase) != constraint.Equal)
            {
                return $"constraint {constraint.Key}{(constraint.Equal ? "==" : "!=")}{constraint.Value} (it has {(actual.Length == 0 ? "none" : actual)})";
            }
        }
        return revision.ImageHosts.IsEmpty || revision.ImageHosts.Contains(host.Name, StringComparer.Ordinal)
            ? null
            : $"does not have the image {service.Container.Image}, which was built locally on {string.Join(", ", revision.ImageHosts)}";
    }

    public static string ValueOf(HostSnapshot host, string key)
    {
        const string hostLabel = "node.labels.";
        const string engineLabel = "engine.labels.";
        if (key.StartsWith(hostLabel, StringComparison.Ordinal))
        {
            return host.Facts?.Labels.GetValueOrDefault(key[hostLabel.Length..]) ?? "";
        }
        if (key.StartsWith(engineLabel, StringComparison.Ordinal))
        {
            return host.Facts?.EngineLabels.GetValueOrDefault(key[engineLabel.Length..]) ?? "";
        }
        return key switch
        {
            "node.hostname" => host.Name,
            "node.id" => host.Facts?.EngineId ?? "",
            "node.role" => "worker",
            "node.platform.os" => host.Facts?.Os ?? "",
            "node.platform.arch" => host.Facts?.Architecture ?? "",
            _ => "",
        };
    }
}
