using System.Text.Json.Serialization;

namespace Orchestrator.Engine.Json;

internal static class NetworkJson
{
    internal sealed record Create
    {
        public required string Name { get; init; }

        /// <summary>Below API 1.44 an engine makes a second network of the same name unless this is set; later ones never do.</summary>
        public bool? CheckDuplicate { get; init; }

        public required string Driver { get; init; }

        public IReadOnlyDictionary<string, string>? Options { get; init; }

        public IReadOnlyDictionary<string, string>? Labels { get; init; }

        public bool Internal { get; init; }

        public bool Attachable { get; init; }

        [JsonPropertyName("EnableIPv6")]
        public bool EnableIpv6 { get; init; }

        [JsonPropertyName("IPAM")]
        public Ipam? Ipam { get; init; }
    }

    internal sealed record Ipam(List<IpamConfig>? Config);

    internal sealed record IpamConfig(string? Subnet, [property: JsonPropertyName("IPRange")] string? IpRange, string? Gateway);

    internal sealed record Details
    {
        public required string Id { get; init; }

        public required string Name { get; init; }

        public string? Driver { get; init; }

        public Dictionary<string, string>? Labels { get; init; }

        public Dictionary<string, string>? Options { get; init; }

        [JsonPropertyName("IPAM")]
        public Ipam? Ipam { get; init; }

        public bool Internal { get; init; }

        /// <summary>Container id → endpoint; absent from lists.</summary>
        public Dictionary<string, Member>? Containers { get; init; }
    }

    /// <param name="Address">With the prefix.</param>
    internal sealed record Member([property: JsonPropertyName("IPv4Address")] string? Address);

    internal sealed record Connect(string Container, ContainerJson.Endpoint EndpointConfig);
}
