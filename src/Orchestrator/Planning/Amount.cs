using System.Globalization;

namespace Orchestrator.Planning;

/// <summary>Quantities for people.</summary>
internal static class Amount
{
    private static readonly (long Bytes, string Unit)[] Units = [(1L << 30, "GiB"), (1L << 20, "MiB"), (1L << 10, "KiB")];

    /// <summary><c>1.5 GiB</c>.</summary>
    public static string Memory(long bytes)
    {
        foreach (var (size, unit) in Units)
        {
            if (Math.Abs(bytes) >= size)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / size:0.##} {unit}");
            }
        }
        return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
    }

    public static string Cpus(decimal cpus) => cpus.ToString("0.###", CultureInfo.InvariantCulture);
}
