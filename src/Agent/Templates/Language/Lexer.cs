using System.Globalization;
using System.Text;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>Text → tokens, by the rules of Go's text/template: trim markers, comments, three kinds of string.</summary>
internal sealed class Lexer(string file, string text)
{
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;

    private Position Here => new(_line, _at - _lineStart + 1);

    public List<Token> Read()
    {
        var trimsNext = false;
        while (_at < text.Length)
        {
            var open = text.IndexOf("{{", _at, StringComparison.Ordinal);
            var end = open < 0 ? text.Length : open;
            var trimsEnd = open >= 0 && open + 3 < text.Length && text[open + 2] == '-' && IsSpace(text[open + 3]);
            AddText(end, trimsNext, trimsEnd);
            if (open < 0) break;
            trimsNext = ReadAction(trimsEnd);
        }

        _tokens.Add(new Token(TokenKind.End, "", Here));
        return _tokens;
    }

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\r' or '\n';

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    private void AddText(int end, bool trimsStart, bool trimsEnd)
    {
        var position = Here;
        var part = text[_at..end];
        if (trimsStart) part = part.TrimStart(' ', '\t', '\r', '\n');
        if (trimsEnd) part = part.TrimEnd(' ', '\t', '\r', '\n');
        Advance(end - _at);
        if (part.Length > 0) _tokens.Add(new Token(TokenKind.Text, part, position));
    }

    /// <summary>True when the text that follows loses its leading white space.</summary>
    private bool ReadAction(bool trimsEnd)
    {
        var opened = Here;
        Advance(trimsEnd ? 3 : 2);
        if (StartsComment(mayBeSpaced: trimsEnd)) return SkipComment(opened);
        _tokens.Add(new Token(TokenKind.Open, "{{", opened));
        while (true)
        {
            var glued = !SkipSpace();
            if (_at >= text.Length) throw new TemplateException(file, opened, "this action is not closed", "end it with }}");
            if (!glued && Starts("-}}"))
            {
                Add(TokenKind.Close, 3, glued);
                return true;
            }

            if (Starts("}}"))
            {
                Add(TokenKind.Close, 2, glued);
                return false;
            }

            ReadToken(glued);
        }
    }

    private bool StartsComment(bool mayBeSpaced)
    {
        var at = _at;
        while (mayBeSpaced && at < text.Length && IsSpace(text[at])) at++;
        return string.CompareOrdinal(text, at, "/*", 0, 2) == 0;
    }

    private bool SkipComment(Position opened)
    {
        SkipSpace();
        var end = _at + 2 > text.Length ? -1 : text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
        if (end < 0) throw new TemplateException(file, opened, "this comment is not closed", "end it with */}}");
        Advance(end + 2 - _at);
        var spaced = SkipSpace();
        var trims = spaced && Starts("-}}");
        if (!trims && !Starts("}}")) throw new TemplateException(file, Here, "a comment is an action of its own", "close it with */}} and open another action");
        Advance(trims ? 3 : 2);
        return trims;
    }

    private void ReadToken(bool glued)
    {
        var c = text[_at];
        var next = _at + 1 < text.Length ? text[_at + 1] : '\0';
        switch (c)
        {
            case '|':
                Add(TokenKind.Pipe, 1, glued);
                break;
            case '(':
                Add(TokenKind.LeftParenthesis, 1, glued);
                break;
            case ')':
                Add(TokenKind.RightParenthesis, 1, glued);
                break;
            case ',':
                Add(TokenKind.Comma, 1, glued);
                break;
            case ':' when next == '=':
                Add(TokenKind.Declare, 2, glued);
                break;
            case '=':
                Add(TokenKind.Assign, 1, glued);
                break;
            case '"':
                ReadQuoted(glued);
                break;
            case '\'':
                ReadCharacter(glued);
                break;
            case '`':
                ReadRaw(glued);
                break;
            case '.' when IsWord(next) && !char.IsAsciiDigit(next):
                AddWord(TokenKind.Field, skip: 1, glued);
                break;
            case '.' when !char.IsAsciiDigit(next):
                Add(TokenKind.Dot, 1, glued);
                break;
            case '$':
                AddWord(TokenKind.Variable, skip: 0, glued);
                break;
            case '+' or '-' or '.' or (>= '0' and <= '9'):
                ReadNumber(glued);
                break;
            default:
                if (!IsWord(c)) throw new TemplateException(file, Here, $"'{c}' means nothing inside an action");
                AddWord(TokenKind.Identifier, skip: 0, glued);
                break;
        }
    }

    private void Add(TokenKind kind, int length, bool glued, object? value = null)
    {
        _tokens.Add(new Token(kind, text.Substring(_at, length), Here, value, glued));
        Advance(length);
    }

    private void AddWord(TokenKind kind, int skip, bool glued)
    {
        var end = _at + 1;
        while (end < text.Length && IsWord(text[end])) end++;
        _tokens.Add(new Token(kind, text[(_at + skip)..end], Here, null, glued));
        Advance(end - _at);
    }

    private void ReadNumber(bool glued)
    {
        var end = _at + 1;
        while (end < text.Length && (IsWord(text[end]) || text[end] == '.' || (text[end] is '+' or '-' && text[end - 1] is 'e' or 'E'))) end++;
        var word = text[_at..end];
        Add(TokenKind.Number, word.Length, glued, NumberOf(word) ?? throw new TemplateException(file, Here, $"'{word}' is no number"));
    }

    private static object? NumberOf(string word)
    {
        var plain = word.Replace("_", "", StringComparison.Ordinal);
        var sign = plain.StartsWith('-') ? -1 : 1;
        var digits = plain.TrimStart('+', '-');
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)) return long.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hexadecimal) ? sign * hexadecimal : null;
        if (long.TryParse(plain, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
        return double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : null;
    }

    private void ReadRaw(bool glued)
    {
        var end = text.IndexOf('`', _at + 1);
        if (end < 0) throw new TemplateException(file, Here, "this string is not closed", "end it with `");
        Add(TokenKind.String, end + 1 - _at, glued, text[(_at + 1)..end]);
    }

    private void ReadQuoted(bool glued)
    {
        var (value, length) = Unquote('"');
        Add(TokenKind.String, length, glued, value);
    }

    private void ReadCharacter(bool glued)
    {
        var (value, length) = Unquote('\'');
        if (value.EnumerateRunes().Count() != 1) throw new TemplateException(file, Here, "'…' is one character, not a string", "write strings in double quotes");
        Add(TokenKind.Number, length, glued, (long)value.EnumerateRunes().First().Value);
    }

    private (string Value, int Length) Unquote(char quote)
    {
        var value = new StringBuilder();
        for (var i = _at + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == quote) return (value.ToString(), i + 1 - _at);
            if (text[i] != '\\')
            {
                value.Append(text[i]);
                continue;
            }

            i++;
            if (i >= text.Length) break;
            i += AppendEscape(value, i, quote);
        }

        throw new TemplateException(file, Here, "this string is not closed on its line", $"end it with {quote}");
    }

    /// <summary>How many characters it has beyond the one at <paramref name="i"/>.</summary>
    private int AppendEscape(StringBuilder value, int i, char quote)
    {
        var c = text[i];
        if (c == quote || c == '\\')
        {
            value.Append(c);
            return 0;
        }

        const string letters = "abfnrtv";
        if (letters.IndexOf(c, StringComparison.Ordinal) is >= 0 and var letter)
        {
            value.Append("\a\b\f\n\r\t\v"[letter]);
            return 0;
        }

        var length = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (length > 0 && i + length < text.Length && int.TryParse(text.AsSpan(i + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) && Rune.IsValid(code))
        {
            value.Append(new Rune(code).ToString());
            return length;
        }

        throw new TemplateException(file, Here, $"this string has an escape '\\{c}' that does not exist", @"write \\ for a backslash");
    }

    private bool Starts(string word) => string.CompareOrdinal(text, _at, word, 0, word.Length) == 0;

    private bool SkipSpace()
    {
        var start = _at;
        while (_at < text.Length && IsSpace(text[_at])) Advance(1);
        return _at > start;
    }

    private void Advance(int length)
    {
        for (var end = _at + length; _at < end; _at++)
        {
            if (text[_at] != '\n') continue;
            _line++;
            _lineStart = _at + 1;
        }
    }
}
