using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>Says which keys of a service changed. Values of the environment are never shown.</summary>
internal static class SpecDifference
{
    /// <summary>What takes effect without a replica being replaced; empty when nothing does.</summary>
    public static IReadOnlyList<string> Traffic(TrafficSpec before, TrafficSpec after)
    {
        var changes = new List<string>();
        Compare(changes, "ports", Text(before.Ports), Text(after.Ports));
        Compare(changes, "routes", Text(before.Routes), Text(after.Routes));
        Compare(changes, "balance", before.Balance.ToString(), after.Balance.ToString());
        Compare(changes, "sticky", $"{before.Sticky}", $"{after.Sticky}");
        Compare(changes, "timeouts", before.Timeouts.ToString(), after.Timeouts.ToString());
        Compare(changes, "max_connections", $"{before.MaxConnections}", $"{after.MaxConnections}");
        Compare(changes, "proxy_protocol", before.ProxyProtocol.ToString(), after.ProxyProtocol.ToString());
        Compare(changes, "slo", $"{before.Slo}", $"{after.Slo}");
        Compare(changes, "maintenance", before.Maintenance.ToString(), after.Maintenance.ToString());
        return changes;
    }

    public static string Describe(ServiceSpec beforeService, ServiceRevision beforeRevision, ServiceSpec afterService, ServiceRevision afterRevision)
    {
        var (before, after) = (beforeService.Container, afterService.Container);
        var changes = new List<string>();
        if (before.Image != after.Image)
        {
            changes.Add($"image {before.Image} → {after.Image}");
        }
        else if (beforeRevision.Image != afterRevision.Image)
        {
            changes.Add($"image {after.Image} has new content");
        }
        Keys(changes, "environment", before.Environment, after.Environment);
        Keys(changes, "labels", before.Labels, after.Labels);
        Compare(changes, "command", Text(before.Command), Text(after.Command));
        Compare(changes, "entrypoint", Text(before.Entrypoint), Text(after.Entrypoint));
        Compare(changes, "ports", Text(before.Ports), Text(after.Ports));
        Compare(changes, "volumes", Text(before.Mounts), Text(after.Mounts));
        Compare(changes, "networks", string.Join(' ', before.Networks.Select(n => n.Network)), string.Join(' ', after.Networks.Select(n => n.Network)));
        Compare(changes, "healthcheck", Text(before.Healthcheck), Text(after.Healthcheck));
        Compare(changes, "resources", before.Resources.ToString(), after.Resources.ToString());
        Compare(changes, "restart policy", before.Restart.ToString(), after.Restart.ToString());
        // Said last, and not in place of what replaces the container. Ports are in both when their mode changes.
        var traffic = Traffic(beforeService.Traffic, afterService.Traffic).Except(changes, StringComparer.Ordinal);
        if (changes.Count > 0)
        {
            return string.Join(", ", changes.Concat(traffic));
        }
        return beforeRevision.ConfigHash == afterRevision.ConfigHash ? "recreation forced" : "configuration changed";
    }

    private static void Compare(List<string> changes, string what, string before, string after)
    {
        if (before != after)
        {
            changes.Add($"{what} changed");
        }
    }

    private static void Keys<TValue>(List<string> changes, string what, ImmutableSortedDictionary<string, TValue> before, ImmutableSortedDictionary<string, TValue> after)
    {
        var keys = before.Keys.Union(after.Keys, StringComparer.Ordinal)
            .Where(k => !before.TryGetValue(k, out var b) || !after.TryGetValue(k, out var a) || !Equals(a, b))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (keys.Count > 0)
        {
            changes.Add($"{what} changed ({string.Join(", ", keys)})");
        }
    }

    private static string Text<TItem>(ImmutableArray<TItem>? items) => items is null ? "" : "[" + string.Join(' ', items) + "]";

    private static string Text<TItem>(ImmutableArray<TItem> items) => string.Join(' ', items);

    private static string Text(HealthcheckSpec? check) =>
        check is null ? "" : $"{string.Join(' ', check.Test)} {check.Interval} {check.Timeout} {check.Retries} {check.StartPeriod} {check.StartInterval}";
}
