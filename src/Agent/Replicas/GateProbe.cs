using Orchestrator.Engine;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Replicas;

/// <summary>How a replica shows that it is ready, and when to give up on it. Pure.</summary>
internal abstract record GateProbe
{
    /// <summary>What an engine takes for what the healthcheck leaves open.</summary>
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    private const int DefaultRetries = 3;

    /// <summary>A connection to a container's own address on this host; a longer silence is a no.</summary>
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Between tries at first. The first is made at once: quick replicas are ready by then.</summary>
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(1);

    /// <summary>The longest one try may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>So many counted failures make it unhealthy. Null leaves it to the progress deadline.</summary>
    public int? Retries { get; init; }

    /// <summary>Failures count at the engine's pace, not at ours: those of probes that begin so long after the last counted one has ended.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Probes that begin within it count for nothing when they fail.</summary>
    public TimeSpan StartPeriod { get; init; }

    /// <summary>Null when running is all that is asked.</summary>
    public static GateProbe? For(ReadySpec? ready, Healthcheck? healthcheck)
    {
        if (ready is not null) return new Ready(ready) { Timeout = ReadyTimeout };
        return CommandOf(healthcheck?.Test) is { } command
            ? new Exec(command)
            {
                Timeout = Given(healthcheck?.Timeout) ?? DefaultTimeout,
                Interval = Given(healthcheck?.Interval) ?? DefaultInterval,
                StartPeriod = healthcheck?.StartPeriod ?? TimeSpan.Zero,
                Retries = healthcheck?.Retries is > 0 and { } retries ? retries : DefaultRetries,
            }
            : null;
    }

    /// <summary>True when a failed probe that began at <paramref name="began"/> counts, as it would in the engine.</summary>
    /// <param name="lastCounted">When the last counted failure ended; null before the first, which the engine may begin as late as an interval after the start period.</param>
    public bool Counts(DateTimeOffset began, DateTimeOffset startedAt, DateTimeOffset? lastCounted) => began >= (lastCounted ?? startedAt + StartPeriod) + Interval;

    /// <summary>The pause before a try.</summary>
    /// <param name="attempt">From 0.</param>
    public static TimeSpan Delay(int attempt) => attempt == 0 ? TimeSpan.Zero : attempt >= 9 ? DelayMax : FirstDelay * Math.Pow(1.4, attempt - 1) is var delay && delay < DelayMax ? delay : DelayMax;

    private static IReadOnlyList<string>? CommandOf(IReadOnlyList<string>? test) => test switch
    {
        ["CMD", _, ..] => [.. test.Skip(1)],
        ["CMD-SHELL", var text, ..] => ["/bin/sh", "-c", text],
        _ => null,
    };

    private static TimeSpan? Given(TimeSpan? duration) => duration > TimeSpan.Zero ? duration : null;

    /// <summary>The healthcheck's command, run in the container.</summary>
    public sealed record Exec(IReadOnlyList<string> Command) : GateProbe;

    /// <summary>A connection or request to the container's address.</summary>
    public sealed record Ready(ReadySpec Spec) : GateProbe;
}
