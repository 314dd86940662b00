using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Protocol;

/// <summary>The wire's JSON. A property that is added must have a default; one that is taken away stays reserved: see the contract snapshot in the tests.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AgentCommand))]
[JsonSerializable(typeof(AgentEvent))]
[JsonSerializable(typeof(LinkFrame))]
public sealed partial class ProtocolJson : JsonSerializerContext;
