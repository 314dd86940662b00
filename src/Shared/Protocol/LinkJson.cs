using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;

namespace Orchestrator.Protocol;

/// <summary>JSON of joining, renewing and refusing.</summary>
public sealed class LinkJson() : LinkJsonMetadata(DeclaredDefaults.OptionsOf(LinkJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new LinkJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(LinkJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="LinkJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(CertificateReply))]
[JsonSerializable(typeof(RenewRequest))]
[JsonSerializable(typeof(LinkProblem))]
public partial class LinkJsonMetadata : JsonSerializerContext;
