using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Security;

/// <summary>JSON of the files that trust is kept in.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<JoinTokenRecord>))]
[JsonSerializable(typeof(ImmutableArray<RevokedName>))]
public sealed partial class SecurityJson : JsonSerializerContext;
