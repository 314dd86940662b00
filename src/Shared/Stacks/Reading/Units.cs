using System.Globalization;
using System.Text.RegularExpressions;

namespace Orchestrator.Stacks.Reading;

/// <summary>Compose's units: durations such as <c>1m30s</c>, sizes such as <c>512m</c> (always powers of 1024).</summary>
internal static partial class Units
{
    private const string DurationForm = "a duration is numbers with units, such as 10s, 1m30s or 500ms (us, ms, s, m, h, d, w)";

    private const string BytesForm = "a size is a number with a unit, such as 512m or 1.5g (b, k, m, g, t, p; powers of 1024)";

    /// <returns>The duration, or null and then why.</returns>
    public static TimeSpan? Duration(string text, out string why)
    {
        why = $"`{text}` is not a duration; {DurationForm}";
        if (text == "0")
            return TimeSpan.Zero;
        var match = DurationParts().Match(text);
        if (!match.Success)
        {
            if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
                why = $"the duration `{text}` has no unit; write {text}s for seconds";
            return null;
        }

        var ticks = 0m;
        try
        {
            for (var i = 0; i < match.Groups[1].Captures.Count; i++)
                ticks += decimal.Parse(match.Groups[1].Captures[i].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * TicksOf(match.Groups[2].Captures[i].Value);
            return TimeSpan.FromTicks((long)ticks);
        }
        catch (OverflowException)
        {
            why = $"the duration `{text}` is too long";
            return null;
        }
    }

    /// <returns>The bytes, or null and then why.</returns>
    public static long? Bytes(string text, out string why)
    {
        why = $"`{text}` is not a size; {BytesForm}";
        var match = BytesParts().Match(text);
        if (!match.Success)
            return null;
        var power = match.Groups[2].Value.ToLowerInvariant() switch
        {
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            "p" => 5,
            _ => 0,
        };
        try
        {
            return (long)(decimal.Parse(match.Groups[1].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * (1L << (10 * power)));
        }
        catch (OverflowException)
        {
            why = $"the size `{text}` is too large";
            return null;
        }
    }

    private static decimal TicksOf(string unit) => unit switch
    {
        "us" or "µs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        "d" => TimeSpan.TicksPerDay,
        _ => 7 * TimeSpan.TicksPerDay,
    };

    [GeneratedRegex(@"\A(?:([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(us|µs|ms|s|m|h|d|w))+\z")]
    private static partial Regex DurationParts();

    [GeneratedRegex(@"\A([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgtp])(?:b|ib)?|b)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex BytesParts();
}
