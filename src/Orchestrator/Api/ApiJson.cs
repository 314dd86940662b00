using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Api;

/// <summary>JSON of the API and of every <c>--json</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ChangeRequest))]
[JsonSerializable(typeof(ChangeEvent))]
[JsonSerializable(typeof(Planning.Plan))]
[JsonSerializable(typeof(ImmutableArray<ReplicaView>))]
[JsonSerializable(typeof(ImmutableArray<StackView>))]
[JsonSerializable(typeof(ImmutableArray<RevisionView>))]
[JsonSerializable(typeof(ImmutableArray<HostView>))]
[JsonSerializable(typeof(LogView))]
[JsonSerializable(typeof(LogsQuery))]
[JsonSerializable(typeof(CoordinatorVersion))]
[JsonSerializable(typeof(MaintenanceRequest))]
[JsonSerializable(typeof(MaintenanceView))]
public sealed partial class ApiJson : JsonSerializerContext;
