using System.Text.Json;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>JSON → a template's values.</summary>
internal static class JsonValues
{
    /// <exception cref="FormatException">The text is no JSON.</exception>
    public static object? Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Of(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new FormatException($"json: {e.Message}");
        }
    }

    private static object? Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => MapOf(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Of).ToList(),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
    };

    private static SortedDictionary<string, object?> MapOf(JsonElement element)
    {
        var map = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject()) map[property.Name] = Of(property.Value);
        return map;
    }
}
