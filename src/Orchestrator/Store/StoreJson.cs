using System.Text.Json;
using System.Text.Json.Serialization;
using Orchestrator.Changes;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Traffic;

namespace Orchestrator.Store;

/// <summary>JSON of what is kept. A property that is added must have a default: old records are read for ever.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostFacts))]
[JsonSerializable(typeof(StackHead))]
[JsonSerializable(typeof(StackRevision))]
[JsonSerializable(typeof(ChangeRecord))]
[JsonSerializable(typeof(RolloutEvent))]
[JsonSerializable(typeof(OverlayAllocations))]
[JsonSerializable(typeof(TrafficMarks))]
internal sealed partial class StoreJson : JsonSerializerContext;
