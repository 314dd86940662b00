using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Serialization;
using Orchestrator.Traffic;

namespace Orchestrator.Store;

/// <summary>JSON of what is kept. A property that is added must have a default: old records are read for ever.</summary>
internal sealed class StoreJson() : StoreJsonMetadata(DeclaredDefaults.OptionsOf(StoreJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new StoreJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(StoreJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="StoreJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostFacts))]
[JsonSerializable(typeof(StackHead))]
[JsonSerializable(typeof(StackRevision))]
[JsonSerializable(typeof(ChangeRecord))]
[JsonSerializable(typeof(StackEvent))]
[JsonSerializable(typeof(RolloutEvent))]
[JsonSerializable(typeof(OverlayAllocations))]
[JsonSerializable(typeof(TrafficMarks))]
internal partial class StoreJsonMetadata : JsonSerializerContext;
