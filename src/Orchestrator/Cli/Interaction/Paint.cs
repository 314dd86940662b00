namespace Orchestrator.Cli.Interaction;

/// <summary>Colours text with SGR sequences, or leaves it alone when the stream does not take them.</summary>
internal sealed class Paint(bool enabled)
{
    /// <summary>Distinguishable on dark and light grounds; red is left to errors.</summary>
    private static readonly string[] _sources = ["36", "33", "32", "35", "34", "96", "93", "92", "95", "94"];

    public bool Enabled { get; } = enabled;

    public string Of(Tone tone, string text) => Code(tone) is { } code ? Wrap(code, text) : text;

    /// <summary>The same colour for the same number, so that a replica keeps its colour through a log.</summary>
    public string Source(int number, string text) => Wrap(_sources[number % _sources.Length], text);

    private string Wrap(string code, string text) => Enabled && text.Length > 0 ? $"\x1b[{code}m{text}\x1b[0m" : text;

    private static string? Code(Tone tone) => tone switch
    {
        Tone.Plain => null,
        Tone.Good => "32",
        Tone.Bad => "31",
        Tone.Busy => "33",
        Tone.Quiet => "2",
        Tone.Strong => "1",
    };
}
