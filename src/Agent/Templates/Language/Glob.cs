namespace Orchestrator.Agent.Templates.Language;

/// <summary>Go's <c>path.Match</c>: <c>*</c> and <c>?</c> stop at slashes, <c>[a-z]</c> and <c>[^a-z]</c>, <c>\</c> before a character takes it as it is.</summary>
internal sealed class Glob
{
    private readonly List<Part> _parts = [];

    /// <exception cref="FormatException">The pattern is malformed; the message says how.</exception>
    public Glob(string pattern)
    {
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    _parts.Add(new Part(IsStar: true, _ => false));
                    break;
                case '?':
                    _parts.Add(new Part(IsStar: false, c => c != '/'));
                    break;
                case '[':
                    i = AddClass(pattern, i);
                    break;
                default:
                    if (pattern[i] == '\\' && ++i == pattern.Length) throw new FormatException($"the pattern {pattern} ends with a backslash");
                    var only = pattern[i];
                    _parts.Add(new Part(IsStar: false, c => c == only));
                    break;
            }
        }
    }

    /// <summary>Goes back to the last star alone, so that no pattern takes more than length times length steps.</summary>
    public bool Matches(string text)
    {
        var (part, at, star, starred) = (0, 0, -1, 0);
        while (at < text.Length)
        {
            if (part < _parts.Count && _parts[part].IsStar)
            {
                (star, starred) = (part++, at);
            }
            else if (part < _parts.Count && _parts[part].Takes(text[at]))
            {
                part++;
                at++;
            }
            else if (star >= 0 && text[starred] != '/')
            {
                (part, at) = (star + 1, ++starred);
            }
            else
            {
                return false;
            }
        }

        while (part < _parts.Count && _parts[part].IsStar) part++;
        return part == _parts.Count;
    }

    private int AddClass(string pattern, int start)
    {
        var i = start + 1;
        var negated = i < pattern.Length && pattern[i] == '^';
        if (negated) i++;
        var ranges = new List<(char From, char To)>();
        while (i < pattern.Length && (pattern[i] != ']' || ranges.Count == 0))
        {
            var from = pattern[i++];
            var to = from;
            if (i + 1 < pattern.Length && pattern[i] == '-' && pattern[i + 1] != ']')
            {
                to = pattern[i + 1];
                i += 2;
            }

            ranges.Add((from, to));
        }

        if (i >= pattern.Length) throw new FormatException($"the pattern {pattern} has a [ without its ]");
        _parts.Add(new Part(IsStar: false, c => ranges.Exists(range => c >= range.From && c <= range.To) != negated));
        return i;
    }

    private sealed record Part(bool IsStar, Func<char, bool> Takes);
}
