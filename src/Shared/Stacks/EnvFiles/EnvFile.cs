using System.Text;
using Orchestrator.Stacks.Interpolation;
using Orchestrator.Stacks.Reading;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks.EnvFiles;

/// <summary>
/// The grammar of <c>.env</c> and <c>env_file</c>: <c>K=V</c>, <c>K: V</c>, <c>export K=V</c>, and <c>K</c> alone, which takes the
/// caller's value. Single quotes are literal, double quotes know escapes and variables, both may span lines; unquoted values
/// know variables and end at <c> #</c>.
/// </summary>
internal sealed class EnvFile
{
    private readonly string _file;
    private readonly string _text;
    private readonly Func<string, string?> _lookup;
    private readonly Diagnostics _diagnostics;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private int _at;

    private EnvFile(string file, string text, Func<string, string?> lookup, Diagnostics diagnostics)
    {
        _file = file;
        _text = Normalised(text);
        _lookup = lookup;
        _diagnostics = diagnostics;
    }

    /// <summary>Never throws; lines that are wrong are reported and left out.</summary>
    /// <param name="lookup">The caller's environment; it wins over earlier lines of the file when a value names a variable.</param>
    public static IReadOnlyDictionary<string, string> Parse(string file, string text, Func<string, string?> lookup, Diagnostics diagnostics)
    {
        var parser = new EnvFile(file, text, lookup, diagnostics);
        while (parser.SkipToStatement())
            parser.Statement();
        return parser._values;
    }

    /// <summary><c>format: raw</c>: each line is <c>K=V</c> as it stands, without quotes, variables or trailing comments.</summary>
    public static IReadOnlyDictionary<string, string> ParseRaw(string file, string text, Func<string, string?> lookup, Diagnostics diagnostics)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in Normalised(text).Split('\n'))
        {
            number++;
            var start = line.TrimStart();
            if (start.Length == 0 || start[0] == '#')
                continue;
            var equals = start.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? start : start[..equals];
            if (key.Length == 0 || key.Any(char.IsWhiteSpace))
                diagnostics.Error(new Place(file, number, line.Length - start.Length + 1), "", key.Length == 0 ? "the name before `=` is missing" : "the name holds a space", "write NAME=value");
            else if (equals >= 0)
                values[key] = start[(equals + 1)..];
            else if (lookup(key) is { } inherited)
                values[key] = inherited;
        }

        return values;
    }

    private static string Normalised(string text) => text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal);

    private bool SkipToStatement()
    {
        while (_at < _text.Length)
        {
            if (_text[_at] == '#')
                SkipLine();
            else if (char.IsWhiteSpace(_text[_at]))
                _at++;
            else
                return true;
        }

        return false;
    }

    private void Statement()
    {
        var start = _at;
        if (Rest().StartsWith("export") && _at + 6 < _text.Length && _text[_at + 6] is ' ' or '\t')
        {
            _at += 6;
            SkipBlanks();
        }

        var keyStart = _at;
        while (_at < _text.Length && IsKeyCharacter(_text[_at]))
            _at++;
        var key = _text[keyStart.._at];
        SkipBlanks();
        if (key.Length == 0)
        {
            Fail(start, _at < _text.Length && _text[_at] is '=' or ':' ? "the name before `=` is missing" : "this line is not NAME=value", "a name holds letters, digits, `_`, `.` and `-`");
        }
        else if (_at == _text.Length || _text[_at] is '\n' or '#')
        {
            SkipLine();
            if (_lookup(key) is { } inherited)
                _values[key] = inherited;
        }
        else if (_text[_at] is '=' or ':')
        {
            _at++;
            SkipBlanks();
            if (ReadValue() is { } value)
                _values[key] = value;
        }
        else if (IsKeyCharacter(_text[_at]))
        {
            Fail(keyStart, "the name holds a space", "write NAME=value; a line without `=` takes the caller's value and is a name alone");
        }
        else
        {
            Fail(_at, $"`{_text[_at]}` may not stand in a name", "a name holds letters, digits, `_`, `.` and `-`");
        }
    }

    private string? ReadValue()
    {
        if (_at == _text.Length)
            return "";
        return _text[_at] is '"' or '\'' ? Quoted(_text[_at]) : Unquoted();
    }

    private string Unquoted()
    {
        var start = _at;
        SkipLine();
        var value = _text.AsSpan(start, _at - start);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '#' && (i == 0 || char.IsWhiteSpace(value[i - 1])))
            {
                value = value[..i];
                break;
            }
        }

        return Expand(value.TrimEnd().ToString(), start);
    }

    private string? Quoted(char quote)
    {
        var start = _at;
        var end = start + 1;
        while (end < _text.Length && _text[end] != quote)
            end += _text[end] == '\\' ? 2 : 1;
        if (end >= _text.Length)
        {
            Fail(start, $"the quote {quote} is not closed", "close it, or escape a quote inside it with a backslash");
            _at = _text.Length;
            return null;
        }

        var written = _text[(start + 1)..end];
        _at = end + 1;
        SkipBlanks();
        if (_at < _text.Length && _text[_at] is not ('\n' or '#'))
        {
            Fail(_at, "text stands after the closing quote", "put the whole value in the quotes, or a comment after ` #`");
            return null;
        }

        SkipLine();
        return quote == '\'' ? written : Expand(Unescaped(written), start + 1);
    }

    /// <summary>An escaped dollar sign becomes the doubled one that interpolation leaves alone.</summary>
    private static string Unescaped(string text)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            _ = text[i] switch
            {
                'n' => result.Append('\n'),
                'r' => result.Append('\r'),
                't' => result.Append('\t'),
                '"' or '\'' or '\\' => result.Append(text[i]),
                '$' => result.Append("$$"),
                _ => result.Append('\\').Append(text[i]),
            };
        }

        return result.ToString();
    }

    private string Expand(string text, int start)
    {
        var interpolator = new Interpolator(name => _lookup(name) ?? _values.GetValueOrDefault(name));
        var value = interpolator.Expand(text);
        foreach (var issue in interpolator.Errors)
            _diagnostics.Error(PlaceOf(start), "", issue.Message, issue.Remedy);
        foreach (var issue in interpolator.Warnings)
            _diagnostics.Warn(PlaceOf(start), "", issue.Message, issue.Remedy);
        return value;
    }

    private void Fail(int at, string message, string remedy)
    {
        _diagnostics.Error(PlaceOf(at), "", message, remedy);
        SkipLine();
    }

    private static bool IsKeyCharacter(char c) => char.IsLetterOrDigit(c) || c is '_' or '.' or '-' or '[' or ']';

    private ReadOnlySpan<char> Rest() => _text.AsSpan(_at);

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] != '\n' && char.IsWhiteSpace(_text[_at]))
            _at++;
    }

    private void SkipLine()
    {
        while (_at < _text.Length && _text[_at] != '\n')
            _at++;
    }

    private Place PlaceOf(int offset)
    {
        var before = _text.AsSpan(0, offset);
        return new Place(_file, before.Count('\n') + 1, offset - before.LastIndexOf('\n'));
    }
}
