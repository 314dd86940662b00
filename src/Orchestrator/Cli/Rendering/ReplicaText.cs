using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>The table of <c>ps</c>.</summary>
internal static class ReplicaText
{
    public static IEnumerable<string> Lines(ImmutableArray<ReplicaView> replicas, DateTimeOffset now, Paint paint)
    {
        var table = new TextTable("STACK", "REPLICA", "REVISION", "HOST", "IMAGE", "STATE", "HEALTH", "AGE", "PORTS");
        foreach (var replica in replicas)
        {
            table.Add(
                replica.Stack,
                $"{replica.Service}.{replica.Slot}",
                Words.Short(replica.Revision),
                replica.Host,
                Words.Image(replica.Image),
                State(replica, now),
                new(replica.Health == "none" ? "-" : replica.Health, HealthTone(replica.Health)),
                DurationText.Age(now - replica.Created),
                string.Join(", ", replica.Ports));
        }

        return table.Lines(paint);
    }

    private static TextTable.Cell State(ReplicaView replica, DateTimeOffset now)
    {
        string[] notes = [.. Notes(replica, now)];
        return new(notes.Length > 0 ? $"{replica.State} ({string.Join(", ", notes)})" : replica.State, replica.State switch
        {
            "running" => replica.CrashLoop is not null ? Tone.Bad : replica.RestartCount > 0 ? Tone.Busy : Tone.Good,
            "created" or "starting" or "restarting" => Tone.Busy,
            "exited" or "lost" => Tone.Bad,
            "retained" => Tone.Quiet,
            _ => Tone.Plain,
        });
    }

    private static IEnumerable<string> Notes(ReplicaView replica, DateTimeOffset now)
    {
        if (replica.CrashLoop is { } loop)
            yield return loop.Text(now);
        else if (replica.RestartCount > 0)
            yield return Words.Count(replica.RestartCount, "restart");
        if (replica.InMaintenance && replica.State != "retained")
            yield return "in maintenance";
    }

    private static Tone HealthTone(string health) => health switch
    {
        "healthy" => Tone.Good,
        "unhealthy" => Tone.Bad,
        "starting" => Tone.Busy,
        _ => Tone.Plain,
    };
}
