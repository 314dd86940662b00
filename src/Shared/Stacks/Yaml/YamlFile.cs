using System.Collections.Immutable;
using Orchestrator.Stacks.Reading;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Orchestrator.Stacks.Yaml;

/// <summary>Reads YAML text into <see cref="Node"/>s. Whatever is wrong becomes a diagnostic; a key or node that is wrong is left out.</summary>
internal sealed class YamlFile
{
    /// <summary>Far above any stack file written by hand, far below what would exhaust memory.</summary>
    private const int MaxTextLength = 4 * 1024 * 1024;

    private const int MaxDepth = 64;

    /// <summary>Nodes after aliases are expanded: an alias bomb grows by powers, so any bound in this range stops it.</summary>
    private const int MaxNodes = 200_000;

    /// <summary>Keys make up the paths of messages; a longer one is a slip of quotes.</summary>
    private const int MaxKeyLength = 512;

    private readonly string _file;
    private readonly string _text;
    private readonly Diagnostics _diagnostics;
    private readonly Parser _parser;
    private readonly Dictionary<AnchorName, (Node Node, int Size, int Height)> _anchors = [];
    private readonly HashSet<AnchorName> _open = [];
    private int _nodes;

    // The deepest level reached since it was last set to zero; tells how high the node under an anchor is.
    private int _deepest;

    private YamlFile(string file, string text, Diagnostics diagnostics)
    {
        _file = file;
        _text = text;
        _diagnostics = diagnostics;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>The documents of the file, each a mapping; empty when the file cannot be used, and then an error says why.</summary>
    public static ImmutableArray<Node.Map> Read(string file, string text, Diagnostics diagnostics)
    {
        text = text.TrimStart('\uFEFF');
        if (text.Length > MaxTextLength)
            return Unusable($"the file is larger than {MaxTextLength / (1024 * 1024)} MiB", "a stack file is a few kilobytes; check that this is the right file");
        if (text.AsSpan().TrimStart() is ['<', ..])
            return Unusable("this is an HTML or XML page, not a stack file", "a page was probably saved in place of the raw file; download the raw file again");
        if (text.Contains('\0', StringComparison.Ordinal))
            return Unusable("this is not a text file: it holds NUL characters", "save the stack file as UTF-8 text");

        var reader = new YamlFile(file, text, diagnostics);
        try
        {
            return reader.Documents();
        }
        catch (RefusedException e)
        {
            diagnostics.Error(reader.PlaceOf(e.Start), "", e.Message, null);
        }
        catch (YamlException e)
        {
            reader.ReportSyntax(reader.PlaceOf(e.Start), e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException or FormatException or OverflowException)
        {
            // YamlDotNet 16.3 leaves with these instead of a YamlException on some broken input, such as a flow list without its bracket.
            var place = reader._parser.Current is { } last ? reader.PlaceOf(last.End) : new Place(file, 1, 1);
            reader.ReportSyntax(place, "the YAML is broken at or after this place: a bracket, brace or quote may not be closed");
        }

        return [];

        ImmutableArray<Node.Map> Unusable(string message, string remedy)
        {
            diagnostics.Error(new Place(file, 1, 1), "", message, remedy);
            return [];
        }
    }

    private ImmutableArray<Node.Map> Documents()
    {
        var documents = ImmutableArray.CreateBuilder<Node.Map>();
        var seen = 0;
        _parser.Consume<StreamStart>();
        while (!_parser.Accept<StreamEnd>(out _))
        {
            _parser.Consume<DocumentStart>();
            _anchors.Clear();
            _open.Clear();
            var root = Read(depth: 0, path: "");
            _parser.Consume<DocumentEnd>();
            switch (root)
            {
                case Node.Map map:
                    seen++;
                    documents.Add(map);
                    break;
                case Node.Scalar { Kind: ScalarKind.Null }:
                    break;
                default:
                    seen++;
                    _diagnostics.Error(root.Place, "", $"the top level must be a mapping, but is {root.Describe()}", "start the file with a key such as `services:`");
                    break;
            }
        }

        if (seen == 0)
            _diagnostics.Error(new Place(_file, 1, 1), "", "the file is empty", "a stack needs at least `services:` with one service");
        return documents.ToImmutable();
    }

    private Node Read(int depth, string path)
    {
        Count(1, depth);
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (_open.Contains(alias.Value))
                throw new RefusedException(alias.Start, alias.End, $"the alias *{alias.Value} stands inside its own anchor");
            if (!_anchors.TryGetValue(alias.Value, out var target))
                throw new RefusedException(alias.Start, alias.End, $"the alias *{alias.Value} has no anchor &{alias.Value} before it");
            Count(target.Size, depth + target.Height);
            return target.Node;
        }

        if (!_parser.Accept<NodeEvent>(out var start))
            throw new RefusedException(Current.Start, Current.End, "a value is missing here");
        var anchor = start.Anchor;
        return anchor.IsEmpty ? ReadNode(start, depth, path) : ReadAnchored(anchor, start, depth, path);
    }

    private Node ReadAnchored(AnchorName anchor, NodeEvent start, int depth, string path)
    {
        var (nodes, deepest) = (_nodes, _deepest);
        _deepest = depth;
        _open.Add(anchor);
        var node = ReadNode(start, depth, path);
        _open.Remove(anchor);
        _anchors[anchor] = (node, _nodes - nodes, _deepest - depth);
        _deepest = Math.Max(_deepest, deepest);
        return node;
    }

    private Node ReadNode(NodeEvent start, int depth, string path) => start switch
    {
        Scalar => ReadScalar(path),
        SequenceStart => ReadList(depth, path),
        _ => ReadMap(depth, path),
    };

    /// <summary>Both bounds hold for the expanded tree: a chain of aliases can be as deep as a bomb of them is wide.</summary>
    private void Count(int nodes, int depth)
    {
        _nodes += nodes;
        _deepest = Math.Max(_deepest, depth);
        if (_nodes > MaxNodes)
            throw new RefusedException(Current.Start, Current.End, $"the file holds more than {MaxNodes} values once its aliases are expanded");
        if (depth > MaxDepth)
            throw new RefusedException(Current.Start, Current.End, $"values are nested more than {MaxDepth} deep");
    }

    private ParsingEvent Current => _parser.Current ?? new StreamEnd();

    private Node.Scalar ReadScalar(string path)
    {
        var e = _parser.Consume<Scalar>();
        var place = PlaceOf(e.Start);
        var plain = e.Style == ScalarStyle.Plain;
        var forcedText = !e.Tag.IsEmpty && !e.Tag.IsNonSpecific && e.Tag.Value == "tag:yaml.org,2002:str";
        var kind = plain && !forcedText ? ScalarKinds.OfPlain(e.Value) : ScalarKind.Text;
        return new Node.Scalar(place, e.Value, kind, VerbatimColumn(e, place)) { MergeTag = TagOf(e, path) };
    }

    /// <summary>Only a plain or quoted scalar on one line, without escapes or tags, stands in the file as it is in memory.</summary>
    private static int VerbatimColumn(Scalar e, Place place)
    {
        if (e.Start.Line != e.End.Line)
            return 0;
        var length = e.End.Column - e.Start.Column;
        return e.Style switch
        {
            ScalarStyle.Plain when length == e.Value.Length => place.Column,
            ScalarStyle.SingleQuoted or ScalarStyle.DoubleQuoted when length == e.Value.Length + 2 => place.Column + 1,
            _ => 0,
        };
    }

    private Node.List ReadList(int depth, string path)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = ImmutableArray.CreateBuilder<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
            items.Add(Read(depth + 1, $"{path}[{items.Count}]"));
        return new Node.List(PlaceOf(start.Start), items.ToImmutable()) { MergeTag = TagOf(start, path) };
    }

    private Node.Map ReadMap(int depth, string path)
    {
        var start = _parser.Consume<MappingStart>();
        var entries = new List<Node.Entry>();
        var merged = new List<Node>();
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = Read(depth + 1, path);
            var merge = key is Node.Scalar { Text: "<<" };
            var good = merge ? null : CheckKey(key, path, places);
            var value = Read(depth + 1, good is null ? path : Paths.Key(path, good.Text));
            if (merge)
                merged.Add(value);
            else if (good is not null)
                entries.Add(new Node.Entry(good, value));
        }

        foreach (var value in merged)
            AddMerged(value, path, entries, places);
        return new Node.Map(PlaceOf(start.Start), [.. entries]) { MergeTag = TagOf(start, path) };
    }

    private Node.Scalar? CheckKey(Node key, string path, Dictionary<string, Place> places)
    {
        if (key is not Node.Scalar scalar)
        {
            _diagnostics.Error(key.Place, path, $"a key must be text, but is {key.Describe()}", "put the key in quotes, or check the colons and dashes around it");
            return null;
        }

        if (scalar.Kind != ScalarKind.Text)
        {
            _diagnostics.Error(key.Place, path, $"a key must be text, but is {key.Describe()}", scalar.Text.Length > 0 ? $"put it in quotes: \"{scalar.Text}\"" : "give the key a name");
            return null;
        }

        if (scalar.Text.Length > MaxKeyLength)
        {
            _diagnostics.Error(scalar.Place, path, $"a key is longer than {MaxKeyLength} characters", "check that a quote or a colon is not missing");
            return null;
        }

        if (places.TryAdd(scalar.Text, scalar.Place))
            return scalar;
        _diagnostics.Error(scalar.Place, Paths.Key(path, scalar.Text), $"the key {scalar.Text} is here twice: it is already at {places[scalar.Text]}", "remove or rename one of them");
        return null;
    }

    /// <summary>YAML's merge key: what the mapping says itself wins, then the earlier of several merged mappings.</summary>
    private void AddMerged(Node value, string path, List<Node.Entry> entries, Dictionary<string, Place> places)
    {
        switch (value)
        {
            case Node.Map map:
                foreach (var entry in map.Entries)
                {
                    if (places.TryAdd(entry.Key.Text, entry.Key.Place))
                        entries.Add(entry);
                }

                break;
            case Node.List list when list.Items.All(i => i is Node.Map):
                foreach (var item in list.Items)
                    AddMerged(item, path, entries, places);
                break;
            default:
                _diagnostics.Error(value.Place, path, $"`<<` takes a mapping or a list of mappings, but is {value.Describe()}", "write `<<: *anchor`");
                break;
        }
    }

    private MergeTag TagOf(NodeEvent e, string path)
    {
        if (e.Tag.IsEmpty || e.Tag.IsNonSpecific || e.Tag.Value.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal))
            return MergeTag.None;
        switch (e.Tag.Value)
        {
            case "!reset":
                return MergeTag.Reset;
            case "!override":
                return MergeTag.Override;
            default:
                _diagnostics.Error(PlaceOf(e.Start), path, $"the tag {e.Tag.Value} is not known", "remove it; only `!reset` and `!override` have a meaning here");
                return MergeTag.None;
        }
    }

    /// <summary>Valid YAML that is refused all the same.</summary>
    private sealed class RefusedException(Mark start, Mark end, string message) : YamlException(start, end, message);

    private Place PlaceOf(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);

    private void ReportSyntax(Place place, string message)
    {
        // Where a tab breaks a mapping, the parser names the mapping's start; the tab is after the last thing it understood.
        var aboutTabs = message.Contains("tab", StringComparison.Ordinal);
        var from = aboutTabs ? Math.Max(place.Line, (int)Current.End.Line) : place.Line;
        if (TabIndentation(from, aboutTabs ? int.MaxValue : from + 1) is { } tab)
            _diagnostics.Error(tab, "", "a tab is used for indentation, which YAML forbids", "indent with spaces");
        else
            _diagnostics.Error(place, "", $"not valid YAML: {message.TrimEnd('.')}", null);
    }

    private Place? TabIndentation(int fromLine, int toLine)
    {
        var number = 0;
        foreach (var line in _text.AsSpan().EnumerateLines())
        {
            number++;
            if (number < fromLine)
                continue;
            if (number > toLine)
                break;
            var indentation = line[..^line.TrimStart(" \t").Length];
            var tab = indentation.IndexOf('\t');
            if (tab >= 0 && indentation.Length < line.Length)
                return new Place(_file, number, tab + 1);
        }

        return null;
    }
}
