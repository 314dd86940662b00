namespace Orchestrator.Engine;

public sealed record ImageDetails(string Id, IReadOnlyList<string> Tags, IReadOnlyList<string> Digests, string Architecture, string Os, Healthcheck? Healthcheck, IReadOnlyList<string> ExposedPorts, long SizeBytes);

public sealed record ImageSummary(string Id, IReadOnlyList<string> Tags, IReadOnlyList<string> Digests, long SizeBytes);

/// <param name="Digest"><c>sha256:…</c></param>
/// <param name="Platforms"><c>linux/amd64</c>.</param>
public sealed record DistributionDetails(string Digest, IReadOnlyList<string> Platforms);

/// <param name="Layer">Layer id, or empty for a line about the whole image.</param>
/// <param name="CurrentBytes">0 when unknown.</param>
/// <param name="TotalBytes">0 when unknown.</param>
public sealed record PullProgress(string Layer, string Status, long CurrentBytes, long TotalBytes);

/// <summary>Either user and password, or an identity token.</summary>
public sealed record RegistryAuth(string ServerAddress, string? Username, string? Password, string? IdentityToken)
{
    /// <summary>Never prints a password.</summary>
    public override string ToString() => $"RegistryAuth {{ ServerAddress = {ServerAddress} }}";
}
