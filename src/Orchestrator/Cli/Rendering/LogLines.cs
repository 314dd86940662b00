using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>Log lines of many replicas, each with its replica's name, in that replica's colour on a terminal.</summary>
internal sealed class LogLines
{
    private readonly Voice _voice;
    private readonly Dictionary<string, int> _sources = [];
    private int _width;

    /// <param name="replicas">Those known beforehand, so that the first lines are as wide as the last.</param>
    public LogLines(Voice voice, IEnumerable<string> replicas)
    {
        _voice = voice;
        foreach (var replica in replicas)
            SourceOf(replica);
    }

    public void Write(LogView line)
    {
        if (line.Replica.Length == 0)
        {
            // A note of ours, such as a host that cannot be asked: not part of the log.
            _voice.Warn(VisibleText.Line(line.Text));
            return;
        }

        var number = SourceOf(line.Replica);
        var prefix = _voice.OutPaint.Source(number, line.Replica.PadRight(_width) + " |");
        _voice.Data($"{prefix} {VisibleText.Line(line.Text)}");
    }

    private int SourceOf(string replica)
    {
        if (_sources.TryGetValue(replica, out var number))
            return number;
        _width = Math.Max(_width, replica.Length);
        return _sources[replica] = _sources.Count;
    }
}
