using System.Collections.Immutable;

namespace Orchestrator.Traffic;

/// <summary>The classes in which response times are counted, the same on every host: each reaches 1.2 times as far as the one before, from 1 ms to 97 s.</summary>
public static class LatencyBuckets
{
    public const int Count = 64;

    public const double Ratio = 1.2;

    /// <summary>The time within which <paramref name="share"/> of all lie, interpolated within its class, so at most a fifth too long or too short; null when nothing was counted.</summary>
    public static TimeSpan? Percentile(ImmutableArray<long> counts, double share)
    {
        var wanted = counts.Sum() * share;
        if (wanted <= 0)
        {
            return null;
        }
        var below = 0L;
        for (var bucket = 0; bucket < counts.Length; bucket++)
        {
            if (below + counts[bucket] >= wanted)
            {
                var (from, to) = (bucket == 0 ? 0 : Math.Pow(Ratio, bucket - 1), Math.Pow(Ratio, bucket));
                return TimeSpan.FromMilliseconds(from + ((to - from) * (wanted - below) / counts[bucket]));
            }
            below += counts[bucket];
        }
        return TimeSpan.FromMilliseconds(Math.Pow(Ratio, counts.Length - 1));
    }
}
