using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;
using Spectre.Console;

namespace Orchestrator.Cli.Progress;

/// <summary>Redraws services and replicas in place; failures and warnings are written above and stay.</summary>
internal sealed class LiveDisplay : IChangeDisplay
{
    /// <summary>Often enough for tenths of a second to be worth showing, seldom enough not to flicker over a slow line.</summary>
    private static readonly TimeSpan _redrawPeriod = TimeSpan.FromMilliseconds(200);

    private const string EraseRestOfLine = "\x1b[K";

    private readonly Voice _voice;
    private readonly TimeProvider _time;
    private readonly IAnsiConsole _console;
    private readonly ChangeProgress _progress;
    private LiveDisplayContext? _live;

    public LiveDisplay(Voice voice, TimeProvider time, ChangeProgress progress)
    {
        _voice = voice;
        _progress = progress;
        _time = time;
        _console = SpectreConsole.Create(voice.Terminal);
    }

    public async Task RunAsync(Func<Task> follow)
    {
        try
        {
            await _console.Live(new Text("")).AutoClear(true).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom)
                .StartAsync(live => FollowAsync(live, follow)).ConfigureAwait(false);
        }
        finally
        {
            // What was drawn last stays as ordinary lines, without the blank ones a shrinking display leaves.
            foreach (var line in Frame())
                _voice.Say(string.Concat(line.Select(piece => _voice.ErrorPaint.Of(piece.Tone, piece.Text))).TrimEnd());
        }
    }

    public void Show(ChangeEvent change)
    {
        lock (_progress.Gate)
        {
            foreach (var line in Kept(change))
                _console.Write(new ControlCode(line + EraseRestOfLine + Environment.NewLine));
        }

        Draw();
    }

    public void Conclude(ChangeConclusion conclusion) => LinesDisplay.Conclude(_voice, conclusion, quiet: false);

    private async Task FollowAsync(LiveDisplayContext live, Func<Task> follow)
    {
        lock (_progress.Gate)
            _live = live;
        try
        {
            await using var redraw = _time.CreateTimer(_ => Draw(), null, _redrawPeriod, _redrawPeriod).ConfigureAwait(false);
            await follow().ConfigureAwait(false);
        }
        finally
        {
            lock (_progress.Gate)
                _live = null;
        }
    }

    private IEnumerable<string> Kept(ChangeEvent change) => change switch
    {
        ChangeEvent.Planned planned => ProgressText.Warnings(planned.Plan, _voice.ErrorPaint),
        ChangeEvent.ReplicaFailed or ChangeEvent.Warning or ChangeEvent.RollbackStarted or ChangeEvent.Held or ChangeEvent.Promoted => ProgressText.Lines(change, _voice.ErrorPaint),
        _ => [],
    };

    private void Draw()
    {
        lock (_progress.Gate)
        {
            if (_live is null)
                return;
            var rows = Frame().Select(line => Row(line)).ToList();
            // Over a single row the library moves the cursor up by zero rows, which terminals take for one.
            while (rows.Count < 2)
                rows.Add(new Paragraph(" "));
            _live.UpdateTarget(new Rows(rows));
        }
    }

    private ImmutableArray<ImmutableArray<LiveFrame.Piece>> Frame()
    {
        lock (_progress.Gate)
            return LiveFrame.Lines(_progress, _time.GetUtcNow(), Math.Max(1, _voice.Terminal.Height - 1));
    }

    private static Paragraph Row(IEnumerable<LiveFrame.Piece> pieces)
    {
        var row = new Paragraph { Overflow = Overflow.Ellipsis };
        foreach (var piece in pieces)
            row.Append(piece.Text, StyleOf(piece.Tone));
        return row;
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Plain => Style.Plain,
        Tone.Good => new Style(Color.Green),
        Tone.Bad => new Style(Color.Red),
        Tone.Busy => new Style(Color.Yellow),
        Tone.Quiet => new Style(decoration: Decoration.Dim),
        Tone.Strong => new Style(decoration: Decoration.Bold),
    };
}
