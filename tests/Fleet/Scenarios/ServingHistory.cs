using System.Globalization;
using System.Text.Json;
using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>
/// How many replicas served at each moment, from the engines' own events: a replica serves from the first success of its healthcheck
/// until it is sent a signal or ends. Nothing of ours is asked.
/// </summary>
public static class ServingHistory
{
    /// <summary>The fewest that served at once from <paramref name="since"/> on, given what served then.</summary>
    public static async Task<int> FewestAsync(TestFleet fleet, string stack, IReadOnlyList<Replica> servingAtFirst, DateTimeOffset since, DateTimeOffset until)
    {
        var changes = new List<(long At, string Id, bool Serves)>();
        foreach (var host in fleet.Hosts)
        {
            var lines = (await host.DockerAsync(
                "events", "--since", Seconds(since), "--until", Seconds(until), "--filter", $"label=orchestrator.stack={stack}", "--filter", "type=container", "--format", "{{json .}}")).Expect();
            changes.AddRange(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Change).OfType<(long, string, bool)>());
        }
        var serving = servingAtFirst.Select(r => r.ContainerId).ToHashSet(StringComparer.Ordinal);
        var fewest = serving.Count;
        foreach (var (_, id, serves) in changes.OrderBy(c => c.At))
        {
            if (serves ? serving.Add(id) : serving.Remove(id))
            {
                fewest = Math.Min(fewest, serving.Count);
            }
        }
        return fewest;
    }

    private static (long At, string Id, bool Serves)? Change(string line)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        var actor = root.GetProperty("Actor");
        var (at, id) = (root.GetProperty("timeNano").GetInt64(), actor.GetProperty("ID").GetString()!);
        return root.GetProperty("Action").GetString()!.Split(':')[0] switch
        {
            "exec_die" when actor.GetProperty("Attributes").GetProperty("exitCode").GetString() == "0" => (at, id, true),
            "kill" or "die" => (at, id, false),
            _ => null,
        };
    }

    private static string Seconds(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000.0).ToString("F3", CultureInfo.InvariantCulture);
}
