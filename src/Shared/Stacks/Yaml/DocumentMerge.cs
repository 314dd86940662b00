using System.Collections.Immutable;

namespace Orchestrator.Stacks.Yaml;

/// <summary>
/// Compose's merge of several files or documents: mappings merge, lists append, a scalar replaces; with these exceptions.
/// Nodes keep their places, so that a message names the file that says the wrong thing.
/// </summary>
internal static class DocumentMerge
{
    /// <summary>Replaced as a whole: half of one command and half of another is no command.</summary>
    private static readonly string[] Replaced = ["services.*.command", "services.*.entrypoint", "services.*.healthcheck.test", "services.*.ulimits.*"];

    /// <summary>A mapping, or a list of <c>key=value</c>.</summary>
    private static readonly string[] KeyValues =
    [
        "services.*.environment", "services.*.labels", "services.*.sysctls", "services.*.deploy.labels",
        "networks.*.labels", "networks.*.driver_opts", "volumes.*.labels", "volumes.*.driver_opts",
    ];

    /// <summary>A mapping, or a list of its keys.</summary>
    private static readonly string[] Names = ["services.*.depends_on", "services.*.networks"];

    private static readonly string[] TextOrList =
        ["services.*.env_file", "services.*.label_file", "services.*.dns", "services.*.dns_search", "services.*.tmpfs"];

    public static Node.Map Merge(Node.Map first, Node.Map second) => MergeMaps(first, second, "");

    /// <summary>Takes away what is tagged <c>!reset</c>, once all is merged.</summary>
    public static Node WithoutResets(Node node) => node switch
    {
        Node.Map map when map.Entries.Any(e => Changes(e.Value)) => new Node.Map(
            map.Place,
            [.. map.Entries.Where(e => e.Value.MergeTag != MergeTag.Reset).Select(e => e with { Value = WithoutResets(e.Value) })]),
        Node.List list when list.Items.Any(Changes) => new Node.List(
            list.Place,
            [.. list.Items.Where(i => i.MergeTag != MergeTag.Reset).Select(WithoutResets)]),
        _ => node,
    };

    private static bool Changes(Node node) => node.MergeTag == MergeTag.Reset || node is Node.Map or Node.List;

    private static Node Merge(Node first, Node second, string path)
    {
        if (second.MergeTag != MergeTag.None || first.MergeTag == MergeTag.Reset || Replaced.Contains(path))
            return second;
        if (second is Node.Scalar { Kind: ScalarKind.Null })
            return first;
        if (KeyValues.Contains(path))
            (first, second) = (FromKeyValues(first), FromKeyValues(second));
        else if (Names.Contains(path))
            (first, second) = (FromNames(first), FromNames(second));
        else if (TextOrList.Contains(path))
            (first, second) = (AsList(first), AsList(second));
        if (path == "services.*.logging" && DifferentDrivers(first, second))
            return second;
        return (first, second) switch
        {
            (Node.Map a, Node.Map b) => MergeMaps(a, b, path),
            (Node.List a, Node.List b) when path == "services.*.volumes" => MergeMounts(a, b),
            (Node.List a, Node.List b) => new Node.List(b.Place, [.. a.Items, .. b.Items]),
            _ => second,
        };
    }

    private static Node.Map MergeMaps(Node.Map first, Node.Map second, string path)
    {
        var entries = first.Entries.ToBuilder();
        foreach (var entry in second.Entries)
        {
            var at = IndexOf(entries, entry.Key.Text);
            if (at < 0)
                entries.Add(entry);
            else
                entries[at] = entries[at] with { Value = Merge(entries[at].Value, entry.Value, Child(path, entry.Key.Text)) };
        }

        return new Node.Map(second.Place, entries.ToImmutable());
    }

    private static int IndexOf(ImmutableArray<Node.Entry>.Builder entries, string key)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            if (entries[i].Key.Text == key)
                return i;
        }

        return -1;
    }

    private static string Child(string path, string key) => path switch
    {
        "" => key,
        "services" or "networks" or "volumes" or "services.*.ulimits" => $"{path}.*",
        _ => $"{path}.{key}",
    };

    /// <summary>One mount per target; the later one takes the place of the earlier.</summary>
    private static Node.List MergeMounts(Node.List first, Node.List second)
    {
        var items = first.Items.ToBuilder();
        foreach (var item in second.Items)
        {
            var target = TargetOf(item);
            var at = -1;
            for (var i = 0; target is not null && i < items.Count && at < 0; i++)
                at = TargetOf(items[i]) == target ? i : -1;
            if (at < 0)
                items.Add(item);
            else
                items[at] = item;
        }

        return new Node.List(second.Place, items.ToImmutable());
    }

    private static string? TargetOf(Node mount) => mount switch
    {
        Node.Map map => (map.Find("target") as Node.Scalar)?.Text,
        Node.Scalar scalar => scalar.Text.Split(':') is [_, var target, ..] ? target : scalar.Text,
        _ => null,
    };

    private static bool DifferentDrivers(Node first, Node second) =>
        first is Node.Map a && second is Node.Map b
        && a.Find("driver") is Node.Scalar old && b.Find("driver") is Node.Scalar now && old.Text != now.Text;

    private static Node FromKeyValues(Node node)
    {
        if (node is not Node.List list || list.Items.Any(i => i is not Node.Scalar { Kind: ScalarKind.Text }))
            return node;
        return AsMap(list, list.Items.OfType<Node.Scalar>().Select(item =>
        {
            var equals = item.Text.IndexOf('=', StringComparison.Ordinal);
            var key = new Node.Scalar(item.Place, equals < 0 ? item.Text : item.Text[..equals], ScalarKind.Text, textColumn: 0);
            var value = new Node.Scalar(item.Place, equals < 0 ? "" : item.Text[(equals + 1)..], equals < 0 ? ScalarKind.Null : ScalarKind.Text, textColumn: 0);
            return new Node.Entry(key, value);
        }));
    }

    private static Node FromNames(Node node)
    {
        if (node is not Node.List list || list.Items.Any(i => i is not Node.Scalar { Kind: ScalarKind.Text }))
            return node;
        return AsMap(list, list.Items.OfType<Node.Scalar>().Select(item => new Node.Entry(item, new Node.Map(item.Place, []))));
    }

    private static Node.Map AsMap(Node.List list, IEnumerable<Node.Entry> entries) =>
        new(list.Place, [.. entries.DistinctBy(e => e.Key.Text, StringComparer.Ordinal)]);

    private static Node AsList(Node node) => node is Node.List ? node : new Node.List(node.Place, [node]);
}
