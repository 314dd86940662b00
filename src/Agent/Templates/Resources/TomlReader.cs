using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Orchestrator.Agent.Templates.Resources;

/// <summary>
/// The part of TOML that confd's template resources are written in: tables of one level, strings on one line, whole numbers, booleans and arrays of these. What is beyond it
/// is refused by name. Every error is collected, one per line of the file.
/// </summary>
internal sealed class TomlReader
{
    private readonly string _file;
    private readonly string _text;
    private readonly Dictionary<string, Dictionary<string, TomlValue>> _tables = new(StringComparer.Ordinal) { [""] = [] };
    private readonly List<string> _errors = [];
    private int _at;
    private int _line = 1;
    private int _lineStart;
    private string _table = "";

    private TomlReader(string file, string text)
    {
        _file = file;
        _text = text;
    }

    private int Column => _at - _lineStart + 1;

    private char Peek => _at < _text.Length ? _text[_at] : '\0';

    /// <summary>Tables by name, <c>""</c> for what stands before the first; and all that is wrong, as <c>file:line:col: what</c>.</summary>
    public static (Dictionary<string, Dictionary<string, TomlValue>> Tables, ImmutableArray<string> Errors) Read(string file, string text)
    {
        var reader = new TomlReader(file, text.Replace("\r\n", "\n", StringComparison.Ordinal));
        while (reader._at < reader._text.Length) reader.ReadLine();
        return (reader._tables, [.. reader._errors]);
    }

    private void ReadLine()
    {
        try
        {
            SkipBlanks();
            if (Peek is '\n' or '#' or '\0') EndLine();
            else if (Peek == '[') ReadTable();
            else ReadPair();
        }
        catch (FormatException e)
        {
            _errors.Add($"{_file}:{_line}:{Column}: {e.Message}");
            while (Peek is not ('\n' or '\0')) _at++;
            NextLine();
        }
    }

    private void ReadTable()
    {
        _at++;
        if (Peek == '[') throw new FormatException("arrays of tables are not used in template resources; write [template]");
        SkipBlanks();
        var name = ReadKey();
        SkipBlanks();
        Expect(']', "the table's name ends with ]");
        if (!_tables.TryAdd(name, [])) throw new FormatException($"the table [{name}] is here twice");
        _table = name;
        EndLine();
    }

    private void ReadPair()
    {
        var (line, column) = (_line, Column);
        var key = ReadKey();
        SkipBlanks();
        Expect('=', $"after the key {key} an = is expected");
        SkipBlanks();
        var value = ReadValue();
        if (!_tables[_table].TryAdd(key, value)) _errors.Add($"{_file}:{line}:{column}: {key} is here twice; keep one");
        EndLine();
    }

    private string ReadKey()
    {
        if (Peek is '"' or '\'') return ReadString();
        var start = _at;
        while (char.IsAsciiLetterOrDigit(Peek) || Peek is '_' or '-') _at++;
        if (Peek == '.') throw new FormatException("dotted keys are not used in template resources");
        return _at > start ? _text[start.._at] : throw new FormatException($"'{Peek}' begins no key");
    }

    private TomlValue ReadValue()
    {
        var (line, column) = (_line, Column);
        switch (Peek)
        {
            case '"' or '\'':
                return new TomlValue.Text(line, column, ReadString());
            case '[':
                return ReadList(line, column);
            case '{':
                throw new FormatException("inline tables are not used in template resources");
            default:
                var start = _at;
                while (Peek is not (' ' or '\t' or '\n' or '\0' or ',' or ']' or '#')) _at++;
                var word = _text[start.._at];
                if (word is "true" or "false") return new TomlValue.Flag(line, column, word == "true");
                if (long.TryParse(word.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return new TomlValue.Whole(line, column, number);
                _at = start;
                throw new FormatException(word.Length == 0 ? "a value is missing" : $"{word} is neither a string in quotes, a whole number, true or false; put quotes around it");
        }
    }

    private TomlValue.List ReadList(int line, int column)
    {
        var values = ImmutableArray.CreateBuilder<TomlValue>();
        _at++;
        while (true)
        {
            SkipToValue();
            if (Peek == ']') break;
            if (Peek == '\0') throw new FormatException("this array is not closed; end it with ]");
            if (Peek == '[') throw new FormatException("arrays of arrays are not used in template resources");
            values.Add(ReadValue());
            SkipToValue();
            if (Peek == ',') _at++;
            else if (Peek != ']') throw new FormatException("after a value of an array, a comma or ] is expected");
        }

        _at++;
        return new TomlValue.List(line, column, values.ToImmutable());
    }

    private string ReadString()
    {
        var quote = Peek;
        if (string.CompareOrdinal(_text, _at, new string(quote, 3), 0, 3) == 0) throw new FormatException("strings over several lines are not read here; write it on one line, or put the commands into a script");
        var value = new StringBuilder();
        var start = _at++;
        while (Peek is not ('\n' or '\0'))
        {
            var c = _text[_at++];
            if (c == quote) return value.ToString();
            if (c == '\\' && quote == '"') AppendEscape(value);
            else value.Append(c);
        }

        _at = start;
        throw new FormatException($"this string is not closed; end it with {quote} on the same line");
    }

    private void AppendEscape(StringBuilder value)
    {
        const string letters = "btnfr\"\\";
        var c = Peek;
        _at++;
        if (letters.IndexOf(c, StringComparison.Ordinal) is >= 0 and var letter)
        {
            value.Append("\b\t\n\f\r\"\\"[letter]);
            return;
        }

        var length = c switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (length == 0 || _at + length > _text.Length || !int.TryParse(_text.AsSpan(_at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || !Rune.IsValid(code))
        {
            throw new FormatException($"the escape \\{c} does not exist; write \\\\ for a backslash, or put the string into single quotes");
        }

        _at += length;
        value.Append(new Rune(code).ToString());
    }

    private void Expect(char wanted, string otherwise)
    {
        if (Peek != wanted) throw new FormatException(otherwise);
        _at++;
    }

    private void SkipBlanks()
    {
        while (Peek is ' ' or '\t') _at++;
    }

    /// <summary>Within an array, lines and comments may stand between values.</summary>
    private void SkipToValue()
    {
        while (true)
        {
            SkipBlanks();
            if (Peek == '#') SkipComment();
            if (Peek != '\n') return;
            NextLine();
        }
    }

    private void SkipComment()
    {
        while (Peek is not ('\n' or '\0')) _at++;
    }

    private void EndLine()
    {
        SkipBlanks();
        if (Peek == '#') SkipComment();
        if (Peek is not ('\n' or '\0')) throw new FormatException($"'{Peek}' is not expected here; one key stands on a line");
        NextLine();
    }

    private void NextLine()
    {
        if (_at < _text.Length) _at++;
        _line++;
        _lineStart = _at;
    }
}
