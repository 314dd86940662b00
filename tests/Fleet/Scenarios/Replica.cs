using System.Text.Json;
using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

/// <summary>A row of <c>ps --json</c>.</summary>
public sealed record Replica(string Service, int Slot, string Revision, string Host, string Image, string State, string Health, string Container, string ContainerId)
{
    public bool Serves => State == "running" && Health is "healthy" or "none";

    public static async Task<IReadOnlyList<Replica>> AllAsync(TestFleet fleet, string stack, bool retained = false)
    {
        var json = (await fleet.CliAsync(["ps", stack, "--json", .. retained ? ["--all"] : Array.Empty<string>()])).Expect();
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(r => new Replica(
            r.GetProperty("service").GetString()!,
            r.GetProperty("slot").GetInt32(),
            r.GetProperty("revision").GetString()!,
            r.GetProperty("host").GetString()!,
            r.GetProperty("image").GetString()!,
            r.GetProperty("state").GetString()!,
            r.GetProperty("health").GetString()!,
            r.GetProperty("container").GetString()!,
            r.GetProperty("containerId").GetString()!))];
    }
}
