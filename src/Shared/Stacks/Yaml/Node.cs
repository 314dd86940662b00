using System.Collections.Immutable;

namespace Orchestrator.Stacks.Yaml;

internal enum ScalarKind
{
    /// <summary>Quoted, block, tagged <c>!!str</c>, or plain text that YAML 1.2 takes for nothing else.</summary>
    Text,
    Null,
    Boolean,
    Integer,
    Float,
}

/// <summary>
/// What a merge of several files does with a tagged node: <c>!reset</c> takes the key away, <c>!override</c> replaces instead of merging.
/// </summary>
internal enum MergeTag
{
    None,
    Reset,
    Override,
}

/// <summary>A YAML tree that knows its places. Nodes are immutable; an alias is the same node as its anchor.</summary>
internal abstract class Node(Place place)
{
    public Place Place { get; } = place;

    public MergeTag MergeTag { get; init; }

    internal sealed class Scalar(Place place, string text, ScalarKind kind, int textColumn) : Node(place)
    {
        public string Text { get; } = text;

        public ScalarKind Kind { get; } = kind;

        /// <summary>The column of <see cref="Text"/>'s first character when the file holds the text verbatim on one line, else 0.</summary>
        public int TextColumn { get; } = textColumn;

        /// <summary>The place of the character at <paramref name="offset"/> where that can be told, else the node's.</summary>
        public Place PlaceOf(int offset) => TextColumn > 0 ? Place with { Column = TextColumn + offset } : Place;
    }

    internal sealed class List(Place place, ImmutableArray<Node> items) : Node(place)
    {
        public ImmutableArray<Node> Items { get; } = items;
    }

    internal sealed class Map(Place place, ImmutableArray<Entry> entries) : Node(place)
    {
        /// <summary>In the order of the file; keys are unique.</summary>
        public ImmutableArray<Entry> Entries { get; } = entries;

        public Node? Find(string key)
        {
            foreach (var entry in Entries)
            {
                if (entry.Key.Text == key)
                    return entry.Value;
            }

            return null;
        }
    }

    internal readonly record struct Entry(Scalar Key, Node Value);

    /// <summary>For messages: <c>a list</c>, <c>the number 5</c>.</summary>
    public string Describe() => this switch
    {
        List => "a list",
        Map => "a mapping",
        Scalar { Kind: ScalarKind.Null } => "empty",
        Scalar { Kind: ScalarKind.Boolean } s => $"the boolean {s.Text}",
        Scalar { Kind: ScalarKind.Integer or ScalarKind.Float } s => $"the number {s.Text}",
        _ => "text",
    };
}
