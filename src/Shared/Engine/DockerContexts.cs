using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

/// <summary>Reads the contexts that <c>docker context create</c> keeps: <c>contexts/meta/&lt;sha256 of the name&gt;/meta.json</c> and <c>contexts/tls/…/docker/</c>.</summary>
internal static class DockerContexts
{
    /// <summary>The name that stands for no context.</summary>
    private const string DefaultName = "default";

    /// <summary>Null when no context is chosen.</summary>
    /// <exception cref="FormatException">The chosen context does not exist or has no Docker endpoint.</exception>
    public static EngineAddress? Find(DockerEnvironment environment)
    {
        var (name, source) = environment.Context is { } set ? (set, "DOCKER_CONTEXT") : (DockerConfigFile.Read(environment.ConfigFolder).CurrentContext, "currentContext of Docker's config.json");
        if (string.IsNullOrEmpty(name) || name == DefaultName) return null;

        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        var file = Path.Combine(environment.ConfigFolder, "contexts", "meta", key, "meta.json");
        var endpoint = ReadEndpoint(file, name, source);
        if (string.IsNullOrEmpty(endpoint.Host)) throw new FormatException($"Docker context \"{name}\" ({source}) names no host in {file}; see `docker context inspect {name}`");

        var tlsFolder = Path.Combine(environment.ConfigFolder, "contexts", "tls", key, "docker");
        var tls = Directory.Exists(tlsFolder) ? EngineTls.FromFolder(tlsFolder, !endpoint.SkipTLSVerify) : null;
        return EngineAddress.Parse(endpoint.Host, tls, $"context \"{name}\"");
    }

    private static DockerConfigJson.ContextEndpoint ReadEndpoint(string file, string name, string source)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var meta = JsonSerializer.Deserialize(stream, EngineJson.Default.ContextMeta);
            return meta?.Endpoints?.GetValueOrDefault("docker") ?? new DockerConfigJson.ContextEndpoint();
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            throw new FormatException($"Docker context \"{name}\" ({source}) does not exist; `docker context ls` lists those that do, DOCKER_HOST overrides it", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FormatException($"Docker context \"{name}\" ({source}) cannot be read from {file}: {e.Message}", e);
        }
    }
}
