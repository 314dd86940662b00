using System.Collections.Immutable;
using Orchestrator.Stacks.Reading;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks.Interpolation;

/// <summary>Interpolates every value of a tree, never a key. A value that held a variable is text afterwards; its reader casts it.</summary>
internal sealed class NodeInterpolator(Func<string, string?> lookup, Diagnostics diagnostics)
{
    // Aliases share nodes: each is done once, and the answer stays shared.
    private readonly Dictionary<Node, Node> _done = new(ReferenceEqualityComparer.Instance);

    public Node Apply(Node node, string path)
    {
        if (_done.TryGetValue(node, out var known))
            return known;
        var result = node switch
        {
            Node.Scalar scalar => Apply(scalar, path),
            Node.List list => new Node.List(list.Place, [.. list.Items.Select((item, i) => Apply(item, $"{path}[{i}]"))]) { MergeTag = list.MergeTag },
            Node.Map map => new Node.Map(map.Place, [.. Entries(map, path)]) { MergeTag = map.MergeTag },
            _ => node,
        };
        _done[node] = result;
        return result;
    }

    private IEnumerable<Node.Entry> Entries(Node.Map map, string path)
    {
        foreach (var entry in map.Entries)
        {
            // Extensions other than our own are nobody's: nothing in them can be wrong. What an anchor in one is used for is reached by its alias.
            var ignored = path.Length == 0 && entry.Key.Text.StartsWith("x-", StringComparison.Ordinal);
            yield return ignored ? entry : entry with { Value = Apply(entry.Value, Paths.Key(path, entry.Key.Text)) };
        }
    }

    private Node.Scalar Apply(Node.Scalar scalar, string path)
    {
        if (!scalar.Text.Contains('$', StringComparison.Ordinal))
            return scalar;
        var interpolator = new Interpolator(lookup);
        var text = interpolator.Expand(scalar.Text);
        foreach (var issue in interpolator.Errors)
            diagnostics.Error(scalar.PlaceOf(issue.Offset), path, issue.Message, issue.Remedy);
        foreach (var issue in interpolator.Warnings)
            diagnostics.Warn(scalar.PlaceOf(issue.Offset), path, issue.Message, issue.Remedy);
        return new Node.Scalar(scalar.Place, text, ScalarKind.Text, textColumn: 0) { MergeTag = scalar.MergeTag };
    }
}
