using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Whether a host may run a service: constraints and the image; ports and counts change while a plan is made and are the <see cref="PlacementBoard"/>'s.</summary>
public static class PlacementFilter
{
    /// <summary>A host label that makes a host match <c>node.role==manager</c>: here no agent's host is one by itself.</summary>
    private const string RoleLabel = "node.role";

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
            if (Matches(constraint, actual) != constraint.Equal)
            {
                return $"constraint {constraint.Key}{(constraint.Equal ? "==" : "!=")}{constraint.Value} (it has {(actual.Length == 0 ? "none" : actual)})";
            }
        }
        return revision.ImageHosts.IsEmpty || revision.ImageHosts.Contains(host.Name, StringComparer.Ordinal)
            ? null
            : $"does not have the image {service.Container.Image}, which was built locally on {string.Join(", ", revision.ImageHosts)}";
    }

    /// <summary>An address also lies in a range.</summary>
    private static bool Matches(ConstraintSpec constraint, string actual) =>
        string.Equals(actual, constraint.Value, StringComparison.OrdinalIgnoreCase)
        || (constraint.Key == "node.ip" && Ipv4Block.Number(actual) is { } address && Ipv4Block.Parse(constraint.Value) is { } range && range.Contains(address));

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
            "node.ip" => host.Facts?.Address ?? "",
            "node.role" => host.Facts?.Labels.GetValueOrDefault(RoleLabel) ?? "worker",
            "node.platform.os" => host.Facts?.Os ?? "",
            "node.platform.arch" => host.Facts?.Architecture ?? "",
            _ => "",
        };
    }
}
