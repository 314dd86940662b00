using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Orchestrator.Stacks;

/// <summary>
/// Specs as JSON: for the store, the wire and the config hash. Every property is written, enums by name.
/// Read stored text with <see cref="ReadStack"/>: <c>Default.StackSpec</c> alone gives a property that an older version did not
/// write the type's zero instead of the property's default (source generation sets every init-only property), and a zero
/// <c>ImmutableArray</c> cannot even be enumerated.
/// </summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(StackSpec))]
public sealed partial class SpecJson : JsonSerializerContext
{
    public static string Write(StackSpec stack) => JsonSerializer.Serialize(stack, Default.StackSpec);

    /// <summary>Properties the text lacks take their defaults; properties it has and this version does not are ignored.</summary>
    /// <exception cref="JsonException">The text is not a stack's JSON.</exception>
    public static StackSpec ReadStack(string json)
    {
        var node = JsonNode.Parse(json) as JsonObject ?? throw new JsonException("A stack's JSON is an object.");
        return SpecShape.Stack.Filled(node).Deserialize(Default.StackSpec) ?? throw new JsonException("A stack's JSON is not null.");
    }
}
