using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;

namespace Orchestrator.Stacks;

/// <summary>Specs as JSON: for the store, the wire and the config hash. Every property is written, enums by name.</summary>
public sealed class SpecJson() : SpecJsonMetadata(DeclaredDefaults.OptionsOf(SpecJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new SpecJson Default { get; } = new();

    public static string Write(StackSpec stack) => JsonSerializer.Serialize(stack, Default.StackSpec);

    /// <summary>Properties the text lacks take their defaults; properties it has and this version does not are ignored.</summary>
    /// <exception cref="JsonException">The text is not a stack's JSON.</exception>
    public static StackSpec ReadStack(string json) =>
        JsonSerializer.Deserialize(json, Default.StackSpec) ?? throw new JsonException("A stack's JSON is not null.");

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(SpecJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="SpecJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true)]
[JsonSerializable(typeof(StackSpec))]
public partial class SpecJsonMetadata : JsonSerializerContext;
