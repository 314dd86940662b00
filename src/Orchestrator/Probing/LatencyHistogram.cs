using System.Numerics;

namespace Orchestrator.Probing;

/// <summary>Counts durations in buckets that grow with the value: any number of them in 14 kB, percentiles at most 1.6 % too high.</summary>
public sealed class LatencyHistogram
{
    /// <summary>Buckets per power of two, as a power of two: 64 give the stated precision.</summary>
    private const int SubBits = 6;
    private const int SubCount = 1 << SubBits;

    /// <summary>Longer counts as this long; no timeout comes near.</summary>
    private static readonly long _ceiling = (long)TimeSpan.FromHours(1).TotalMicroseconds;

    private readonly long[] _counts = new long[Bucket(_ceiling) + 1];

    public long Count { get; private set; }

    /// <summary>Exact; zero without any.</summary>
    public TimeSpan Max { get; private set; }

    public void Add(TimeSpan latency)
    {
        _counts[Bucket(Math.Clamp((long)latency.TotalMicroseconds, 0, _ceiling))]++;
        Count++;
        if (latency > Max)
            Max = latency;
    }

    /// <summary>The duration that <paramref name="share"/> of all are not longer than; zero without any.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public TimeSpan Percentile(double share)
    {
        var rank = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var bucket = 0; bucket < _counts.Length && Count > 0; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
                return TimeSpan.FromMicroseconds(Upper(bucket)) is var upper && upper < Max ? upper : Max;
        }

        return Max;
    }

    private static int Bucket(long microseconds)
    {
        if (microseconds < SubCount)
            return (int)microseconds;
        var shift = BitOperations.Log2((ulong)microseconds) - SubBits;
        return ((shift + 1) << SubBits) + (int)((microseconds >> shift) & (SubCount - 1));
    }

    /// <summary>The longest duration that falls into the bucket.</summary>
    private static double Upper(int bucket)
    {
        if (bucket < SubCount)
            return bucket;
        var shift = (bucket >> SubBits) - 1;
        return (((long)SubCount + (bucket & (SubCount - 1)) + 1) << shift) - 1;
    }
}
