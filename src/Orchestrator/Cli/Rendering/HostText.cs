using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>The table of <c>hosts ls</c>.</summary>
internal static class HostText
{
    public static IEnumerable<string> Lines(ImmutableArray<HostView> hosts, DateTimeOffset now, Paint paint)
    {
        var table = new TextTable("HOST", "STATE", "REPLICAS", "ENGINE", "PLATFORM", "CPUS", "MEMORY", "AGENT", "LABELS", "DETAIL");
        foreach (var host in hosts)
        {
            var seen = host.State != "ready" && host.LastSeen is { } last ? $"last seen {DurationText.Age(now - last)} ago" : "";
            string[] detail = [VisibleText.Line(host.Detail ?? ""), seen];
            table.Add(
                host.Name,
                new(host.State, host.State switch { "ready" => Tone.Good, "down" => Tone.Bad, _ => Tone.Busy }),
                $"{host.Replicas}",
                host.EngineVersion,
                $"{host.Os}/{host.Architecture}",
                $"{host.Cpus}",
                Memory(host.MemoryBytes),
                host.AgentVersion,
                string.Join(",", host.Labels.Select(l => $"{l.Key}={l.Value}")),
                string.Join(", ", detail.Where(d => d.Length > 0)));
        }

        return table.Lines(paint);
    }

    private static string Memory(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024d * 1024 * 1024):0.0} GiB");
}
