using System.Globalization;

namespace Orchestrator.Probing;

/// <summary>Which answers count as success: status codes and ranges of them.</summary>
public sealed class StatusCodes
{
    private const int Min = 100;
    private const int Max = 599;

    private readonly bool[] _expected = new bool[Max + 1];
    private readonly string _text;

    private StatusCodes(string text) => _text = text;

    /// <summary>200 to 399: the service answers, and not with an error.</summary>
    public static StatusCodes Default { get; } = Parse("200-399")!;

    /// <summary><c>200,204,401</c> or <c>200-299,404</c>; null for anything else.</summary>
    public static StatusCodes? Parse(string text)
    {
        var parsed = new StatusCodes(text);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryCode(ends[0], out var from) || !TryCode(ends[^1], out var to) || to < from)
                return null;
            parsed._expected.AsSpan(from, to - from + 1).Fill(true);
        }

        return parsed;
    }

    public bool Contains(int status) => status is >= Min and <= Max && _expected[status];

    public override string ToString() => _text;

    private static bool TryCode(string text, out int code) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code is >= Min and <= Max;
}
