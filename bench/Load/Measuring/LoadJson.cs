using System.Text.Json.Serialization;

namespace Orchestrator.Load.Measuring;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LoadReport))]
[JsonSerializable(typeof(Failure))]
internal sealed partial class LoadJson : JsonSerializerContext;
