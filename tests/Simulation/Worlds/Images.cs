using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;

namespace Orchestrator.Simulation;

/// <summary>What versions of an image do; the tag says it.</summary>
internal static class Images
{
    public static readonly string[] Good = ["v1", "v2", "v3", "v4", "slow"];

    /// <summary>Each fails in its own way, and never passes its gate.</summary>
    public static readonly string[] Bad = ["exits", "quits", "oom", "sick", "nocommand", "missing"];

    /// <summary>Runs well, and answers every request with an error: only an SLO tells.</summary>
    public const string Wrong = "wrong";

    public static void Push(FakeRegistry registry, string service)
    {
        foreach (var tag in Good.Concat(Bad).Append(Wrong).Where(tag => tag != "missing")) registry.Push(Of(service, tag));
    }

    private static FakeImage Of(string service, string tag)
    {
        var image = new FakeImage($"registry.sim/{service}:{tag}")
        {
            PullTakes = TimeSpan.FromSeconds(1),
            StartTakes = TimeSpan.FromMilliseconds(100),
            StopTakes = TimeSpan.FromMilliseconds(200),
            HealthyAfter = TimeSpan.FromMilliseconds(700),
            Healthcheck = new Healthcheck { Test = ["CMD", "check"], Interval = TimeSpan.FromSeconds(2), Retries = 2 },
        };
        return tag switch
        {
            "slow" => image with { PullTakes = TimeSpan.FromSeconds(50) },
            "exits" => image with { ExitsAfter = TimeSpan.FromMilliseconds(400), ExitCode = 1 },
            "quits" => image with { ExitsAfter = TimeSpan.FromSeconds(1.5), ExitCode = 0 },
            "oom" => image with { ExitsAfter = TimeSpan.FromSeconds(1), OomKilled = true },
            "sick" => image with { HealthyAfter = null },
            "nocommand" => image with { StartError = FakeImage.BadCommand("").StartError },
            _ => image,
        };
    }
}
