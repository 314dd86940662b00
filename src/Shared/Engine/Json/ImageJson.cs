using System.Text.Json.Serialization;

namespace Orchestrator.Engine.Json;

internal static class ImageJson
{
    internal sealed record Summary(string Id, List<string>? RepoTags, List<string>? RepoDigests, long Size);

    internal sealed record Details
    {
        public required string Id { get; init; }

        public List<string>? RepoTags { get; init; }

        public List<string>? RepoDigests { get; init; }

        public string? Architecture { get; init; }

        public string? Os { get; init; }

        public long Size { get; init; }

        public Config? Config { get; init; }
    }

    internal sealed record Config
    {
        public ContainerJson.Health? Healthcheck { get; init; }

        public Dictionary<string, ContainerJson.Empty>? ExposedPorts { get; init; }
    }

    /// <summary>One line of a pull or a load.</summary>
    internal sealed record Progress
    {
        public string? Id { get; init; }

        public string? Status { get; init; }

        public string? Stream { get; init; }

        public ProgressDetail? ProgressDetail { get; init; }

        public string? Error { get; init; }

        public ErrorDetail? ErrorDetail { get; init; }
    }

    internal sealed record ProgressDetail(long Current, long Total);

    internal sealed record ErrorDetail(string? Message);

    internal sealed record Distribution(Descriptor? Descriptor, List<Platform>? Platforms);

    internal sealed record Descriptor([property: JsonPropertyName("digest")] string? Digest);

    internal sealed record Platform(
        [property: JsonPropertyName("os")] string? Os,
        [property: JsonPropertyName("architecture")] string? Architecture,
        [property: JsonPropertyName("variant")] string? Variant);
}
