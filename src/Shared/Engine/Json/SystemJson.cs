using System.Text.Json.Serialization;

namespace Orchestrator.Engine.Json;

internal static class SystemJson
{
    /// <summary>The body of a refusal.</summary>
    internal sealed record Refusal(string? Message);

    internal sealed record Version
    {
        [JsonPropertyName("Version")]
        public string? Number { get; init; }

        public string? ApiVersion { get; init; }

        [JsonPropertyName("MinAPIVersion")]
        public string? MinApiVersion { get; init; }

        public string? Os { get; init; }

        public string? Arch { get; init; }

        public string? KernelVersion { get; init; }

        public List<Component>? Components { get; init; }
    }

    /// <summary>The first one names the product: <c>Engine</c>, <c>Podman Engine</c>.</summary>
    internal sealed record Component(string? Name);

    internal sealed record Info
    {
        [JsonPropertyName("ID")]
        public string? Id { get; init; }

        public string? Name { get; init; }

        [JsonPropertyName("NCPU")]
        public int Cpus { get; init; }

        public long MemTotal { get; init; }

        [JsonPropertyName("OSType")]
        public string? OsType { get; init; }

        public string? Architecture { get; init; }

        public List<string>? Labels { get; init; }

        public string? ServerVersion { get; init; }

        public string? CgroupVersion { get; init; }

        public DateTimeOffset? SystemTime { get; init; }
    }

    internal sealed record Event
    {
        public string? Type { get; init; }

        public string? Action { get; init; }

        public EventActor? Actor { get; init; }

        [JsonPropertyName("time")]
        public long TimeSeconds { get; init; }

        [JsonPropertyName("timeNano")]
        public long TimeNanoseconds { get; init; }
    }

    internal sealed record EventActor([property: JsonPropertyName("ID")] string? Id, Dictionary<string, string>? Attributes);
}
