namespace Orchestrator.Probing;

/// <summary>The wall clock as it was at the start, carried on by a monotonic one: a clock that is set meanwhile makes no gap.</summary>
public sealed class ProbeClock(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public TimeProvider Time { get; } = time;

    public DateTimeOffset Began { get; } = time.GetUtcNow();

    public DateTimeOffset Now => Began + Time.GetElapsedTime(_started);
}
