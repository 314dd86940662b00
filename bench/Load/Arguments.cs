using System.Globalization;

namespace Orchestrator.Load;

/// <summary>Options of the form <c>--name value</c>; everything else is a plain argument. What nobody asks for is an error.</summary>
public sealed class Arguments
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <param name="flags">Options that take no value.</param>
    /// <exception cref="UsageException">An option lacks its value.</exception>
    public Arguments(IReadOnlyList<string> words, params string[] flags)
    {
        var plain = new List<string>();
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal))
                plain.Add(words[i]);
            else if (flags.Contains(words[i], StringComparer.Ordinal))
                _options[words[i]] = "true";
            else if (i + 1 < words.Count)
                _options[words[i]] = words[++i];
            else
                throw new UsageException($"{words[i]} needs a value");
        }
        Plain = plain;
    }

    public IReadOnlyList<string> Plain { get; }

    public bool Flag(string name) => Text(name) is not null;

    public string? Text(string name)
    {
        _asked.Add(name);
        return _options.GetValueOrDefault(name);
    }

    public int Count(string name, int otherwise, int least, int most) => Text(name) is not { } text
        ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new UsageException($"{name} is '{text}'; give a whole number from {least} to {most}");

    public double Share(string name) => Text(name) is not { } text
        ? 0
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1
            ? value
            : throw new UsageException($"{name} is '{text}'; give a share from 0 to 1, such as 0.2");

    /// <summary>A length of time such as <c>250ms</c>, <c>10s</c>, <c>2m</c>.</summary>
    public TimeSpan Duration(string name, TimeSpan otherwise)
    {
        if (Text(name) is not { } text)
            return otherwise;
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            throw Bad();
        return text[digits..] switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            _ => throw Bad(),
        };

        UsageException Bad() => new($"{name} is '{text}'; give a length of time such as 250ms, 10s or 2m");
    }

    /// <exception cref="UsageException">An option was given that the mode does not know.</exception>
    public void NothingElse()
    {
        if (_options.Keys.FirstOrDefault(name => !_asked.Contains(name)) is { } unknown)
            throw new UsageException($"{unknown} is not an option here; {string.Join(", ", _asked.Order(StringComparer.Ordinal))} are");
    }
}
