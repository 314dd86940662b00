using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Cli.Interaction;

/// <summary>How a command speaks: data to standard output, everything else to standard error.</summary>
internal sealed class Voice
{
    private readonly ITerminal _terminal;

    public Voice(ITerminal terminal, bool color)
    {
        _terminal = terminal;
        var escapes = color && terminal.AllowsEscapes;
        OutPaint = new Paint(escapes && terminal.OutIsTerminal);
        ErrorPaint = new Paint(escapes && terminal.ErrorIsTerminal);
    }

    public Paint OutPaint { get; }

    public Paint ErrorPaint { get; }

    public ITerminal Terminal => _terminal;

    /// <summary>A live display needs a terminal that lets the cursor be moved.</summary>
    public bool CanRedraw => ErrorPaint.Enabled;

    public bool CanAsk => _terminal.InIsTerminal && _terminal.ErrorIsTerminal;

    /// <summary>A line of data.</summary>
    public void Data(string line)
    {
        try
        {
            _terminal.Out.WriteLine(line);
        }
        catch (IOException e)
        {
            throw new OutputClosedException(e);
        }
    }

    /// <summary>A document for a script: indented, one value.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type) => Data(JsonSerializer.Serialize(value, CliJson.Indented(type)));

    /// <summary>One value on one line, for a stream of them.</summary>
    public void JsonLine<T>(T value, JsonTypeInfo<T> type) => Data(JsonSerializer.Serialize(value, CliJson.OneLine(type)));

    public void Say(string line) => _terminal.Error.WriteLine(line);

    public void Warn(string message) => Say(ErrorPaint.Of(Tone.Busy, "warning:") + " " + message);

    public void Fail(string message) => Say(ErrorPaint.Of(Tone.Bad, "error:") + " " + message);

    /// <summary>False unless the answer is yes. Ask only when <see cref="CanAsk"/>.</summary>
    public bool Confirm(string question)
    {
        _terminal.Error.Write(question + " [y/N] ");
        return _terminal.ReadLine()?.Trim() is { } answer
            && (answer.Equals("y", StringComparison.OrdinalIgnoreCase) || answer.Equals("yes", StringComparison.OrdinalIgnoreCase));
    }
}
