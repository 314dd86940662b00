namespace Orchestrator.Stacks.Reading;

/// <summary>
/// What a host's regular expression may be made of: what PCRE, PCRE2 and POSIX extended expressions take alike and understand alike, for HAProxy is built with
/// any of them, another one perhaps on each host. That it is well-formed is for the caller to find out.
/// </summary>
internal static class HostExpression
{
    /// <summary>POSIX's bound of repetitions.</summary>
    private const int RepeatMax = 255;

    /// <summary>What is wrong with it, and what to write instead; null when nothing is.</summary>
    public static (string Message, string Remedy)? Problem(string expression)
    {
        if (expression.FirstOrDefault(c => !char.IsAscii(c)) is not '\0' and var foreign) return ($"it holds `{foreign}`, which is not ASCII", "hosts are ASCII: write names in the form xn--…");
        var mayRepeat = false;
        for (var at = 0; at < expression.Length; at++)
        {
            var rest = expression[at..];
            switch (rest[0])
            {
                case '\\' when rest.Length < 2 || !char.IsAsciiLetterOrDigit(rest[1]):
                    at++;
                    mayRepeat = true;
                    break;
                case '\\':
                    return ($"`{rest[..2]}` means something in some regular expressions only", "write classes out, such as [0-9] or [A-Za-z0-9_]");
                case '[':
                    if (Class(rest) is not { } length) return ("a class in brackets begins with `]`, or holds `[` or `\\`, which not all regular expressions take alike", "write each such character outside of brackets with `\\` before it, joined by `|`");
                    at += length - 1;
                    mayRepeat = true;
                    break;
                case '(' when rest.StartsWith("(?", StringComparison.Ordinal):
                    return ("`(?` means something in some regular expressions only", "group with plain parentheses");
                case '(' or '|' when rest.Length == 1 || rest[1] is ')' or '|' || (rest[0] == '|' && (at == 0 || expression[at - 1] == '(')):
                    return ("one of its alternatives is empty", "make what may be missing optional with `?`");
                case '(' or '|' or '^':
                    mayRepeat = false;
                    break;
                case '*' or '+' or '?' or '{' when !mayRepeat:
                    return ($"`{rest[0]}` does not follow what it could repeat", $"write \\{rest[0]} for the character itself, and no second repetition after one");
                case '{':
                    if (Repetition(rest) is not { } taken) return ("`{` does not begin a repetition", $"write {{n}}, {{n,}} or {{n,m}} with numbers up to {RepeatMax}, or \\{{ for the character itself");
                    at += taken - 1;
                    mayRepeat = false;
                    break;
                case '*' or '+' or '?':
                    mayRepeat = false;
                    break;
                default:
                    mayRepeat = rest[0] != '$';
                    break;
            }
        }

        return null;
    }

    /// <summary>How long it is, brackets included.</summary>
    private static int? Class(string rest)
    {
        var end = rest.IndexOf(']', rest.StartsWith("[^", StringComparison.Ordinal) ? 2 : 1);
        if (end < 0) return null;
        var inside = rest[1..end].TrimStart('^');
        return inside.Length == 0 || inside.AsSpan().ContainsAny('[', '\\') ? null : end + 1;
    }

    private static int? Repetition(string rest)
    {
        var end = rest.IndexOf('}', StringComparison.Ordinal);
        if (end < 0) return null;
        var numbers = rest[1..end].Split(',');
        return numbers.Length <= 2 && IsNumber(numbers[0]) && (numbers.Length == 1 || numbers[1].Length == 0 || IsNumber(numbers[1])) ? end + 1 : null;
    }

    private static bool IsNumber(string text) => text.Length is > 0 and <= 3 && text.All(char.IsAsciiDigit) && int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) <= RepeatMax;
}
