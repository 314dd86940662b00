using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;

namespace Orchestrator.Security;

/// <summary>JSON of the files that trust is kept in.</summary>
public sealed class SecurityJson() : SecurityJsonMetadata(DeclaredDefaults.OptionsOf(SecurityJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new SecurityJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(SecurityJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="SecurityJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<JoinTokenRecord>))]
[JsonSerializable(typeof(ImmutableArray<RevokedName>))]
public partial class SecurityJsonMetadata : JsonSerializerContext;
