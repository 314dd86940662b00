using System.Text.Json.Serialization;

namespace Orchestrator.Engine.Json;

/// <summary><c>~/.docker/config.json</c>, as far as it is read.</summary>
internal sealed record DockerConfigJson
{
    public Dictionary<string, Auth>? Auths { get; init; }

    public Dictionary<string, string>? CredHelpers { get; init; }

    public string? CredsStore { get; init; }

    public string? CurrentContext { get; init; }

    /// <param name="Basic">base64 of <c>user:password</c>.</param>
    internal sealed record Auth([property: JsonPropertyName("auth")] string? Basic, string? Username, string? Password, string? IdentityToken)
    {
        public override string ToString() => nameof(Auth);
    }

    internal sealed record ContextMeta(string? Name, Dictionary<string, ContextEndpoint>? Endpoints);

    internal sealed record ContextEndpoint
    {
        public string? Host { get; init; }

        public bool SkipTLSVerify { get; init; }
    }

    /// <summary>What <c>docker-credential-X get</c> prints.</summary>
    internal sealed record HelperAnswer(string? ServerURL, string? Username, string? Secret)
    {
        public override string ToString() => nameof(HelperAnswer);
    }

    /// <summary>The content of X-Registry-Auth.</summary>
    internal sealed record RegistryHeader(
        [property: JsonPropertyName("username")] string? Username,
        [property: JsonPropertyName("password")] string? Password,
        [property: JsonPropertyName("identitytoken")] string? IdentityToken,
        [property: JsonPropertyName("serveraddress")] string? ServerAddress)
    {
        public override string ToString() => nameof(RegistryHeader);
    }
}
