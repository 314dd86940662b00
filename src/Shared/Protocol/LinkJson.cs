using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Protocol;

/// <summary>JSON of joining, renewing and refusing.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(CertificateReply))]
[JsonSerializable(typeof(RenewRequest))]
[JsonSerializable(typeof(LinkProblem))]
public sealed partial class LinkJson : JsonSerializerContext;
