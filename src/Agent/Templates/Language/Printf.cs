using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>Go's <c>printf</c>: flags <c>- 0 + # space</c>, width, precision, and the verbs that values here can take. What Go would write as <c>%!d(string=x)</c> is an error.</summary>
internal static class Printf
{
    /// <summary>Wider is a mistake.</summary>
    private const int WidthMax = 1000;

    private const string Flags = "-0+# ";

    public static string Format(string format, IReadOnlyList<object?> values)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            var verb = Read(format, ref i);
            if (verb.Letter == '%')
            {
                text.Append('%');
                continue;
            }

            if (next >= values.Count) throw new FormatException($"printf: there is no value for %{verb.Letter}");
            text.Append(Padded(verb, One(verb, values[next++])));
        }

        return next == values.Count ? text.ToString() : throw new FormatException($"printf: {values.Count} values for {next} places in '{format}'");
    }

    private static Verb Read(string format, ref int i)
    {
        var start = ++i;
        while (i < format.Length && Flags.Contains(format[i], StringComparison.Ordinal)) i++;
        var flags = format[start..i];
        var width = Number(format, ref i);
        int? precision = null;
        if (i < format.Length && format[i] == '.')
        {
            i++;
            precision = Number(format, ref i) ?? 0;
        }

        return i < format.Length ? new Verb(format[i], flags, width ?? 0, precision) : throw new FormatException($"printf: '{format}' ends inside a place");
    }

    private static int? Number(string format, ref int i)
    {
        var start = i;
        while (i < format.Length && char.IsAsciiDigit(format[i])) i++;
        if (start == i) return null;
        return int.TryParse(format.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= WidthMax ? number : throw new FormatException($"printf: a width of more than {WidthMax}");
    }

    private static string One(Verb verb, object? value)
    {
        switch (verb.Letter)
        {
            case 'v':
                return value is string plain ? Cut(verb, plain) : value is double or long ? Signed(verb, Values.Text(value)) : Values.Text(value);
            case 's':
                return value is string or KeyValue or IReadOnlyList<object?> ? Cut(verb, Values.Text(value)) : throw Wrong(verb, value);
            case 'q':
                return value is string quoted ? $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(quoted)}\"" : throw Wrong(verb, value);
            case 't':
                return value is bool ? Values.Text(value) : throw Wrong(verb, value);
            case 'T':
                return Values.Kind(value);
            case 'd':
                return Signed(verb, Whole(verb, value).ToString(CultureInfo.InvariantCulture));
            case 'b':
                return Based(verb, Whole(verb, value), 2, "");
            case 'o':
                return Based(verb, Whole(verb, value), 8, "0");
            case 'x' or 'X':
                var hexadecimal = value is string text ? Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)) : Based(verb, Whole(verb, value), 16, "0x");
                return verb.Letter == 'X' ? hexadecimal.ToUpperInvariant() : hexadecimal;
            case 'c':
                return Rune.TryCreate((int)Math.Clamp(Whole(verb, value), int.MinValue, int.MaxValue), out var rune) ? rune.ToString() : throw Wrong(verb, value);
            case 'f' or 'F':
                return Signed(verb, Real(verb, value).ToString("F" + (verb.Precision ?? 6).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
            case 'e':
                return Signed(verb, Real(verb, value).ToString($"0.{new string('0', verb.Precision ?? 6)}e+00", CultureInfo.InvariantCulture));
            case 'g':
                return Signed(verb, Real(verb, value).ToString(verb.Precision is { } digits ? $"G{digits}" : "R", CultureInfo.InvariantCulture));
            default:
                throw new FormatException($"printf: %{verb.Letter} is not supported; use %v, %s, %q, %d, %x, %o, %b, %c, %f, %e, %g or %t");
        }
    }

    private static string Cut(Verb verb, string text) => verb.Precision is { } max && max < text.Length ? text[..max] : text;

    private static string Signed(Verb verb, string number) =>
        number.StartsWith('-') ? number : verb.Has('+') ? "+" + number : verb.Has(' ') ? " " + number : number;

    private static string Based(Verb verb, long number, int toBase, string prefix)
    {
        var digits = number < 0 ? Convert.ToString(-number, toBase) : Convert.ToString(number, toBase);
        return Signed(verb, (number < 0 ? "-" : "") + (verb.Has('#') ? prefix : "") + digits);
    }

    private static string Padded(Verb verb, string text)
    {
        if (verb.Has('-')) return text.PadRight(verb.Width);
        if (!verb.Has('0') || text.Length >= verb.Width || verb.Letter is 's' or 'q' or 'v' or 't' or 'c') return text.PadLeft(verb.Width);
        var sign = text.Length > 0 && text[0] is '-' or '+' or ' ' ? text[..1] : "";
        return sign + text[sign.Length..].PadLeft(verb.Width - sign.Length, '0');
    }

    private static long Whole(Verb verb, object? value) => value is long whole ? whole : throw Wrong(verb, value);

    private static double Real(Verb verb, object? value) => value switch
    {
        double real => real,
        long whole => whole,
        _ => throw Wrong(verb, value),
    };

    private static FormatException Wrong(Verb verb, object? value) => new($"printf: %{verb.Letter} cannot take {Values.Kind(value)}{(value is string ? "; atoi makes a number of a string" : "; %v takes anything")}");

    private sealed record Verb(char Letter, string Flags, int Width, int? Precision)
    {
        public bool Has(char flag) => Flags.Contains(flag, StringComparison.Ordinal);
    }
}
