using System.Numerics;

namespace Orchestrator.Load.Measuring;

/// <summary>Latencies in buckets that grow with the value: 32 to each power of two, so a quantile is at most about 3 % too high.</summary>
public sealed class LatencyHistogram
{
    private const int SubBits = 5;
    private const int Linear = 1 << (SubBits + 1);

    /// <summary>2^40 µs is twelve days: longer than any run.</summary>
    private const int TopBit = 40;

    private readonly long[] _buckets = new long[Linear + ((TopBit - SubBits) << SubBits)];

    public long Count { get; private set; }

    public long MaxMicroseconds { get; private set; }

    public void Add(TimeSpan latency)
    {
        var value = Math.Clamp((long)latency.TotalMicroseconds, 0, (1L << TopBit) - 1);
        _buckets[IndexOf(value)]++;
        Count++;
        MaxMicroseconds = Math.Max(MaxMicroseconds, value);
    }

    /// <summary>The value that the share <paramref name="quantile"/> of all latencies does not exceed; 0 when there are none.</summary>
    public long QuantileMicroseconds(double quantile)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(quantile * Count));
        var seen = 0L;
        for (var i = 0; i < _buckets.Length; i++)
        {
            seen += _buckets[i];
            if (seen >= wanted)
                return Math.Min(HighestIn(i), MaxMicroseconds);
        }
        return 0;
    }

    private static int IndexOf(long value)
    {
        if (value < Linear)
            return (int)value;
        var shift = BitOperations.Log2((ulong)value) - SubBits;
        return Linear + ((shift - 1) << SubBits) + (int)((value >> shift) - (1 << SubBits));
    }

    private static long HighestIn(int index)
    {
        if (index < Linear)
            return index;
        var shift = ((index - Linear) >> SubBits) + 1;
        var sub = ((index - Linear) & ((1 << SubBits) - 1)) + (1 << SubBits);
        return ((long)(sub + 1) << shift) - 1;
    }
}
