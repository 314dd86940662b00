using System.Collections.Immutable;

namespace Orchestrator.Agent.Templates.Resources;

/// <summary>A folder laid out as confd's: <c>conf.d/*.toml</c> and <c>templates/*.tmpl</c>.</summary>
/// <param name="Errors">As <c>file:line:col: what; remedy</c>; a file with an error gives no resource.</param>
internal sealed record TemplateResources(ImmutableArray<TemplateResource> Resources, ImmutableArray<TemplateResourceError> Errors)
{
    /// <summary>Where the agent looks when it is not told.</summary>
    public const string DefaultFolder = "/etc/orchestrator/templates";

    /// <summary>Each is an actor, and runs commands.</summary>
    private const int ResourcesMax = 100;

    private const long FileBytesMax = 64 * 1024;

    /// <summary>What cannot be read is among the errors.</summary>
    public static TemplateResources Load(string folder)
    {
        var resources = ImmutableArray.CreateBuilder<TemplateResource>();
        var errors = ImmutableArray.CreateBuilder<TemplateResourceError>();
        var files = Files(Path.Combine(folder, "conf.d"), errors);
        foreach (var file in files.Take(ResourcesMax))
        {
            var name = Path.GetFileName(file);
            try
            {
                if (new FileInfo(file).Length > FileBytesMax) throw new IOException($"the file is larger than {FileBytesMax / 1024} KiB");
                var (resource, wrong) = TemplateResourceReader.Read(file, File.ReadAllText(file), Path.Combine(folder, "templates"));
                errors.AddRange(wrong.Select(error => new TemplateResourceError(name, error)));
                if (resource is null) continue;
                if (resources.FirstOrDefault(other => other.Destination == resource.Destination) is { } other) errors.Add(new TemplateResourceError(name, $"{file}: dest {resource.Destination} is that of {other.Name} too; give each its own"));
                else resources.Add(resource);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                errors.Add(new TemplateResourceError(name, $"{file}: {e.Message}"));
            }
        }

        if (files.Length > ResourcesMax) errors.Add(new TemplateResourceError("conf.d", $"{folder}/conf.d has {files.Length} resources, {ResourcesMax} at most are used; join some"));
        return new TemplateResources(resources.ToImmutable(), errors.ToImmutable());
    }

    private static string[] Files(string folder, ImmutableArray<TemplateResourceError>.Builder errors)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.toml").Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add(new TemplateResourceError("conf.d", $"{folder}: {e.Message}"));
            return [];
        }
    }
}

/// <param name="Name">Of the resource's file.</param>
internal sealed record TemplateResourceError(string Name, string Message);
