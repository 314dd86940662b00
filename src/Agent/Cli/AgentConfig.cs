using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;

namespace Orchestrator.Agent.Cli;

/// <summary><c>agent.json</c>: what joining settled.</summary>
internal sealed record AgentConfig
{
    public required string Name { get; init; }

    /// <summary>Dialled in turn.</summary>
    public required ImmutableArray<Uri> Coordinators { get; init; }

    /// <summary>The engine's address; null: as Docker's own tools find it.</summary>
    public string? Docker { get; init; }

    /// <summary>The folder of template resources; null: the default one, if it exists.</summary>
    public string? Templates { get; init; }

    /// <summary>Where the other hosts reach this one; null: the address from which the coordinator is reached.</summary>
    public string? AdvertiseAddress { get; init; }

    /// <summary>The ingress's image; null: the built-in choice.</summary>
    public string? IngressImage { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

internal sealed class AgentJson() : AgentJsonMetadata(DeclaredDefaults.OptionsOf(AgentJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new AgentJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(AgentJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="AgentJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentConfig))]
internal partial class AgentJsonMetadata : JsonSerializerContext;
