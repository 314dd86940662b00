using System.Globalization;
using System.Text;

namespace Orchestrator.Cli.Interaction;

/// <summary>
/// Makes what containers, probes and daemons wrote safe to show: control characters would otherwise move the cursor,
/// set the window title, or hide text from who reads the log.
/// </summary>
internal static class VisibleText
{
    /// <summary>Longest line shown of a container's output; more would bury the rest.</summary>
    public const int LineLengthMax = 4096;

    private const int TabWidth = 8;

    /// <summary>One line: control characters as <c>\x1b</c>, <c>\r</c>, <c>\n</c>; tabs as spaces; invisible direction marks as <c>\u202e</c>.</summary>
    public static string Line(string text)
    {
        var trimmed = text.AsSpan().TrimEnd("\r\n");
        var cut = trimmed.Length > LineLengthMax;
        if (cut)
            trimmed = trimmed[..LineLengthMax];
        if (!cut && trimmed.Length == text.Length && !NeedsEscape(text))
            return text;
        var visible = new StringBuilder(trimmed.Length + 16);
        foreach (var character in trimmed)
            Append(visible, character);
        if (cut)
            visible.Append('…');
        return visible.ToString();
    }

    /// <summary>Each line by itself; a last empty line is left out.</summary>
    public static IEnumerable<string> Lines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var count = lines.Length > 0 && lines[^1].Length == 0 ? lines.Length - 1 : lines.Length;
        return lines.Take(count).Select(Line);
    }

    private static bool NeedsEscape(string text)
    {
        foreach (var character in text)
        {
            if (IsHidden(character))
                return true;
        }

        return false;
    }

    private static void Append(StringBuilder visible, char character)
    {
        if (character == '\t')
            visible.Append(' ', TabWidth - (visible.Length % TabWidth));
        else if (character == '\n')
            visible.Append("\\n");
        else if (character == '\r')
            visible.Append("\\r");
        else if (!IsHidden(character))
            visible.Append(character);
        else if (character <= '\xff')
            visible.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");
        else
            visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
    }

    private static bool IsHidden(char character) =>
        char.IsControl(character) || character is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
