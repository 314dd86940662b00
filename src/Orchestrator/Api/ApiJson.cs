using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Serialization;

namespace Orchestrator.Api;

/// <summary>JSON of the API and of every <c>--json</c>.</summary>
public sealed class ApiJson() : ApiJsonMetadata(DeclaredDefaults.OptionsOf(ApiJsonMetadata.Default)), IJsonTypeInfoResolver
{
    public static new ApiJson Default { get; } = new();

    JsonTypeInfo? IJsonTypeInfoResolver.GetTypeInfo(Type type, JsonSerializerOptions options) => DeclaredDefaults.Resolve(ApiJsonMetadata.Default, type, options);
}

/// <summary>What is generated for <see cref="ApiJson"/>, which is the one to use: this one reads an absent property as the type's zero.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChangeRequest))]
[JsonSerializable(typeof(ChangeEvent))]
[JsonSerializable(typeof(Planning.Plan))]
[JsonSerializable(typeof(Planning.PlanState))]
[JsonSerializable(typeof(PlanFile))]
[JsonSerializable(typeof(DiffQuery))]
[JsonSerializable(typeof(StackDiff))]
[JsonSerializable(typeof(ImmutableArray<ReplicaView>))]
[JsonSerializable(typeof(ImmutableArray<StackView>))]
[JsonSerializable(typeof(ImmutableArray<RevisionView>))]
[JsonSerializable(typeof(ImmutableArray<HostView>))]
[JsonSerializable(typeof(LogView))]
[JsonSerializable(typeof(LogsQuery))]
[JsonSerializable(typeof(StackEvent))]
[JsonSerializable(typeof(EventsQuery))]
[JsonSerializable(typeof(ExplanationView))]
[JsonSerializable(typeof(CoordinatorVersion))]
[JsonSerializable(typeof(MaintenanceRequest))]
[JsonSerializable(typeof(MaintenanceView))]
public partial class ApiJsonMetadata : JsonSerializerContext;
