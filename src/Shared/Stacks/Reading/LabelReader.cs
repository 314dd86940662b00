using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>Labels, as a mapping or a list. Those the product finds its own containers by are refused.</summary>
internal static class LabelReader
{
    private const string Reserved = "orchestrator.";

    public static ImmutableSortedDictionary<string, string> Read(Value value)
    {
        foreach (var (key, _, at) in value.KeyValues())
        {
            if (key.StartsWith(Reserved, StringComparison.Ordinal))
                at.Error($"labels that start with `{Reserved}` are reserved", "choose another name");
        }

        return value.StringMap();
    }
}
