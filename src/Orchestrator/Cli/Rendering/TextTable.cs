using System.Text;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>Columns as wide as their widest cell; the last one is not padded, so that no line ends in blanks.</summary>
internal sealed class TextTable(params string[] header)
{
    private const string Gap = "  ";

    private readonly List<Cell[]> _rows = [];

    public readonly record struct Cell(string Text, Tone Tone)
    {
        public static implicit operator Cell(string text) => new(text, Tone.Plain);
    }

    public void Add(params Cell[] cells) => _rows.Add(cells);

    public IEnumerable<string> Lines(Paint paint)
    {
        var widths = header.Select((name, column) => Math.Max(name.Length, _rows.Select(r => r[column].Text.Length).DefaultIfEmpty().Max())).ToArray();
        yield return Line([.. header.Select(h => new Cell(h, Tone.Strong))], widths, paint);
        foreach (var row in _rows)
            yield return Line(row, widths, paint);
    }

    private static string Line(Cell[] cells, int[] widths, Paint paint)
    {
        var last = Array.FindLastIndex(cells, c => c.Text.Length > 0);
        var line = new StringBuilder();
        for (var column = 0; column <= last; column++)
        {
            var (text, tone) = cells[column];
            line.Append(paint.Of(tone, text));
            if (column < last)
                line.Append(' ', widths[column] - text.Length).Append(Gap);
        }

        return line.ToString();
    }
}
