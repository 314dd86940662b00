using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;

namespace Orchestrator.Api.Http;

/// <summary>JSON of what the HTTPS API adds to <see cref="ApiJson"/>, and of the operator's files.</summary>
internal sealed class HttpJson() : HttpJsonMetadata(DeclaredDefaults.OptionsOf(HttpJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new HttpJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(HttpJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="HttpJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenReply))]
[JsonSerializable(typeof(ImmutableArray<TokenView>))]
[JsonSerializable(typeof(StreamFault))]
[JsonSerializable(typeof(ContextFile))]
internal partial class HttpJsonMetadata : JsonSerializerContext;
