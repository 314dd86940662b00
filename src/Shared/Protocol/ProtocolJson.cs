using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;
using Orchestrator.Traffic;

namespace Orchestrator.Protocol;

/// <summary>The wire's JSON. A property that is added must have a default; one that is taken away stays reserved: see the contract snapshot in the tests.</summary>
public sealed class ProtocolJson() : ProtocolJsonMetadata(DeclaredDefaults.OptionsOf(ProtocolJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new ProtocolJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(ProtocolJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="ProtocolJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentCommand))]
[JsonSerializable(typeof(AgentEvent))]
[JsonSerializable(typeof(LinkFrame))]
[JsonSerializable(typeof(TrafficTable))]
[JsonSerializable(typeof(TableChange))]
[JsonSerializable(typeof(System.Collections.Immutable.ImmutableArray<OverlayPeer>))]
public partial class ProtocolJsonMetadata : JsonSerializerContext;
