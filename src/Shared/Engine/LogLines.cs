namespace Orchestrator.Engine;

/// <summary>Turns pieces of stdout and stderr into lines; the two are cut apart each on its own.</summary>
internal sealed class LogLines(int lineBytesMax, bool tty)
{
    private readonly LineSplitter _output = new(lineBytesMax);
    private readonly LineSplitter _errors = new(lineBytesMax);
    private readonly List<string> _found = [];

    public IReadOnlyList<LogLine> Push(bool isError, ReadOnlySpan<byte> bytes)
    {
        (isError ? _errors : _output).Push(bytes, _found);
        return Drain(isError);
    }

    public IReadOnlyList<LogLine> Flush()
    {
        _output.Flush(_found);
        var output = Drain(isError: false);
        _errors.Flush(_found);
        return [.. output, .. Drain(isError: true)];
    }

    private List<LogLine> Drain(bool isError)
    {
        // A terminal ends lines with a carriage return as well.
        var lines = _found.ConvertAll(text => new LogLine(isError, tty ? text.TrimEnd('\r') : text));
        _found.Clear();
        return lines;
    }
}
