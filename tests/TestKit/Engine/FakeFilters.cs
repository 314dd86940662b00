namespace Orchestrator.Engine.Fakes;

/// <summary>The API's filters: any of a key's values, all of the keys; every label.</summary>
internal static class FakeFilters
{
    public static readonly string[] EventKeys = ["type", "event", "label", "container"];

    public static readonly string[] ContainerKeys = ["label", "name", "id", "status", "network", "health"];

    public static readonly string[] OtherKeys = ["label", "name", "id", "driver", "reference"];

    /// <exception cref="EngineException">A key the engine does not know, as with the real one.</exception>
    public static void Check(EngineFilters filters, string[] known, string address)
    {
        foreach (var key in filters.Values.Keys.Except(known))
        {
            throw new EngineException(EngineErrorKind.Fatal, 400, "FAKE", "", $"Invalid filter '{key}'", address);
        }
    }

    public static bool Any(EngineFilters filters, string key, Func<string, bool> matches) => !filters.Values.TryGetValue(key, out var values) || values.Any(matches);

    public static bool Labels(EngineFilters filters, IReadOnlyDictionary<string, string> labels) => !filters.Values.TryGetValue("label", out var wanted) || wanted.All(label =>
    {
        var pair = label.Split('=', 2);
        return labels.TryGetValue(pair[0], out var value) && (pair.Length == 1 || value == pair[1]);
    });
}
