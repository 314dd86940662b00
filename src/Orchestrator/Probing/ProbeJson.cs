using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Probing;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ProbeReport))]
public sealed partial class ProbeJson : JsonSerializerContext;
