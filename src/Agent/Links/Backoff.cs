namespace Orchestrator.Agent.Links;

/// <summary>Waits that double up to a bound, each drawn from its upper half, so that a fleet does not dial a restarted coordinator in step.</summary>
internal sealed class Backoff(TimeSpan min, TimeSpan max, Random random)
{
    private readonly TimeSpan _min = min;
    private TimeSpan _next = min;

    public TimeSpan Next()
    {
        var wait = _next * (0.5 + (random.NextDouble() / 2));
        _next = _next * 2 < max ? _next * 2 : max;
        return wait;
    }

    public void Reset() => _next = _min;
}
