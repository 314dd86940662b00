using System.Text;

namespace Orchestrator.Stacks.Interpolation;

/// <summary>What interpolation of one text found wrong; offsets are into the text as written.</summary>
internal readonly record struct InterpolationIssue(int Offset, string Message, string? Remedy);

/// <summary>
/// Compose's variable grammar: <c>$NAME</c>, <c>${NAME}</c> and the operators <c>:- - :? ? :+ +</c>, whose operands are
/// interpolated in turn, and only when they are used. <c>$$</c> is a dollar sign; a dollar sign before anything else is itself.
/// </summary>
internal sealed class Interpolator(Func<string, string?> lookup)
{
    /// <summary>Operands within operands; nobody writes more than a few.</summary>
    private const int MaxDepth = 32;

    private readonly List<InterpolationIssue> _errors = [];
    private readonly List<InterpolationIssue> _warnings = [];

    public IReadOnlyList<InterpolationIssue> Errors => _errors;

    public IReadOnlyList<InterpolationIssue> Warnings => _warnings;

    /// <summary>Never throws. With <see cref="Errors"/> the answer holds blanks where they stand.</summary>
    public string Expand(string text) => Expand(text, 0, 0);

    private string Expand(string text, int offset, int depth)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;
        if (depth > MaxDepth)
        {
            _errors.Add(new(offset, $"variables are nested more than {MaxDepth} deep", "put the inner default in a variable of its own"));
            return "";
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length;)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i++]);
            }
            else if (text[i + 1] == '$')
            {
                result.Append('$');
                i += 2;
            }
            else if (text[i + 1] == '{')
            {
                i = Braced(text, i, offset, depth, result);
            }
            else if (NameLength(text, i + 1) is > 0 and var length)
            {
                result.Append(Plain(text.Substring(i + 1, length), offset + i));
                i += 1 + length;
            }
            else
            {
                result.Append(text[i++]);
            }
        }

        return result.ToString();
    }

    /// <summary>Reads from <c>${</c> at <paramref name="start"/>; returns where to go on.</summary>
    private int Braced(string text, int start, int offset, int depth, StringBuilder result)
    {
        var end = ClosingBrace(text, start + 1);
        if (end < 0)
        {
            _errors.Add(new(offset + start, "`${` has no closing brace", "close it with `}`, or write `$$` for a dollar sign"));
            return text.Length;
        }

        var nameStart = start + 2;
        var length = NameLength(text, nameStart);
        var after = nameStart + length;
        var colon = after < end && text[after] == ':';
        var operatorAt = colon ? after + 1 : after;
        var hasOperator = operatorAt < end && text[operatorAt] is '-' or '?' or '+';
        if (length == 0 || (after < end && !hasOperator))
        {
            var written = text[start..(end + 1)];
            _errors.Add(new(
                offset + start,
                $"`{written}` is not a variable",
                "the forms are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${NAME:+replacement}; write `$$` for a dollar sign"));
            return end + 1;
        }

        var name = text.Substring(nameStart, length);
        if (!hasOperator || after == end)
        {
            result.Append(Plain(name, offset + start));
            return end + 1;
        }

        var operand = text[(operatorAt + 1)..end];
        result.Append(Operate(name, text[operatorAt], colon, operand, offset + start, offset + operatorAt + 1, depth));
        return end + 1;
    }

    private string Operate(string name, char op, bool emptyIsUnset, string operand, int offset, int operandOffset, int depth)
    {
        var value = lookup(name);
        var set = value is not null && !(emptyIsUnset && value.Length == 0);
        if (op == '+')
            return set ? Expand(operand, operandOffset, depth + 1) : "";
        if (set)
            return value!;
        if (op == '-')
            return Expand(operand, operandOffset, depth + 1);

        var message = Expand(operand, operandOffset, depth + 1);
        _errors.Add(new(
            offset,
            $"the variable {name} is required but {(value is null ? "not set" : "empty")}{(message.Length > 0 ? $": {message}" : "")}",
            $"set {name} in the environment or in an env file"));
        return "";
    }

    private string Plain(string name, int offset)
    {
        if (lookup(name) is { } value)
            return value;
        _warnings.Add(new(offset, $"the variable {name} is not set; a blank string is used", $"set it, or write ${{{name}:-}} to say that blank is meant"));
        return "";
    }

    private static int NameLength(string text, int start)
    {
        var i = start;
        while (i < text.Length && (text[i] == '_' || char.IsAsciiLetter(text[i]) || (i > start && char.IsAsciiDigit(text[i]))))
            i++;
        return i - start;
    }

    /// <summary>Counts every brace, so that a default may be JSON.</summary>
    private static int ClosingBrace(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '{')
                depth++;
            else if (text[i] == '}' && --depth == 0)
                return i;
        }

        return -1;
    }
}
