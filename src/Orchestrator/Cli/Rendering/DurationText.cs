using System.Buffers;
using System.Globalization;

namespace Orchestrator.Cli.Rendering;

/// <summary>Durations as people write and read them.</summary>
internal static class DurationText
{
    /// <summary>Longest accepted: longer is a slip of the keyboard, and timers do not take it.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    private static readonly SearchValues<char> _digits = SearchValues.Create("0123456789.");

    private static readonly (string Name, TimeSpan Unit)[] _units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    /// <summary><c>90s</c>, <c>1h30m</c>, <c>1.5m</c>, <c>500ms</c>, <c>2d</c>; a bare number is seconds. False for anything else, for negative and for zero.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
            return TryAdd(ref duration, seconds, TimeSpan.FromSeconds(1)) && duration > TimeSpan.Zero;

        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExcept(_digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAny(_digits);
            var name = (letters < 0 ? rest : rest[..letters]).ToString();
            var unit = Array.Find(_units, u => u.Name == name).Unit;
            if (unit == TimeSpan.Zero || !TryAdd(ref duration, number, unit))
                return false;
            rest = rest[name.Length..];
        }

        return duration > TimeSpan.Zero;
    }

    /// <summary><c>0.4 s</c>, <c>12 s</c>, <c>3 min 20 s</c>, <c>2 h 5 min</c>, <c>4 d</c>.</summary>
    public static string Of(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(10))
            return string.Create(CultureInfo.InvariantCulture, $"{Math.Max(duration.TotalSeconds, 0):0.0} s");
        if (duration < TimeSpan.FromMinutes(1))
            return $"{(int)duration.TotalSeconds} s";
        if (duration < TimeSpan.FromHours(1))
            return Pair((int)duration.TotalMinutes, "min", duration.Seconds, "s");
        return duration < TimeSpan.FromDays(2)
            ? Pair((int)duration.TotalHours, "h", duration.Minutes, "min")
            : $"{(int)duration.TotalDays} d";
    }

    /// <summary>How long ago, in one unit, for tables.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => $"{(int)Math.Max(age.TotalSeconds, 0)} s",
        { TotalHours: < 1 } => $"{(int)age.TotalMinutes} min",
        { TotalDays: < 2 } => $"{(int)age.TotalHours} h",
        _ => $"{(int)age.TotalDays} d",
    };

    private static string Pair(int large, string largeName, int small, string smallName) =>
        small == 0 ? $"{large} {largeName}" : $"{large} {largeName} {small} {smallName}";

    private static bool TryAdd(ref TimeSpan sum, double number, TimeSpan unit)
    {
        var seconds = sum.TotalSeconds + (number * unit.TotalSeconds);
        if (!double.IsFinite(seconds) || seconds > Longest.TotalSeconds)
            return false;
        sum = TimeSpan.FromSeconds(seconds);
        return true;
    }
}
