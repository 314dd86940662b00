using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Api.Http;

/// <summary>JSON of what the HTTPS API adds to <see cref="ApiJson"/>, and of the operator's files.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenReply))]
[JsonSerializable(typeof(ImmutableArray<TokenView>))]
[JsonSerializable(typeof(StreamFault))]
[JsonSerializable(typeof(ContextFile))]
internal sealed partial class HttpJson : JsonSerializerContext;
