using System.Text.Json;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

/// <summary>Docker's <c>config.json</c>.</summary>
internal static class DockerConfigFile
{
    /// <summary>An absent file is an empty one.</summary>
    /// <exception cref="FormatException">The file is there and cannot be read.</exception>
    public static DockerConfigJson Read(string configFolder)
    {
        var file = Path.Combine(configFolder, "config.json");
        try
        {
            using var stream = File.OpenRead(file);
            return JsonSerializer.Deserialize(stream, EngineJson.Default.DockerConfigJson) ?? new DockerConfigJson();
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return new DockerConfigJson();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new FormatException($"{file} cannot be read: {e.Message}", e);
        }
    }
}
