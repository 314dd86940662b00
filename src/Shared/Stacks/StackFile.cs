using System.Collections.Immutable;
using Orchestrator.Stacks.EnvFiles;
using Orchestrator.Stacks.Interpolation;
using Orchestrator.Stacks.Reading;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks;

/// <summary>Reads Compose stack files: text → YAML → interpolation → merge → specs.</summary>
public static class StackFile
{
    /// <summary>Never throws for bad input: every error found is in the result, sorted by place.</summary>
    public static StackFileResult Load(StackFileRequest request)
    {
        var diagnostics = new Diagnostics();
        var certificates = new LoadedCertificates();
        var stack = Read(request, diagnostics, certificates);
        return new StackFileResult(diagnostics.HasErrors ? null : stack, diagnostics.Errors, diagnostics.Warnings)
        {
            Certificates = diagnostics.HasErrors ? [] : certificates.Files,
        };
    }

    private static StackSpec? Read(StackFileRequest request, Diagnostics diagnostics, LoadedCertificates certificates)
    {
        if (request.Files.IsDefaultOrEmpty)
        {
            diagnostics.Error(Place.Of(""), "", "no stack file was named", "name one, such as stack.yaml");
            return null;
        }

        var first = Path.GetFullPath(request.Files[0], request.CurrentDirectory);
        var projectDirectory = request.ProjectDirectory is { } given
            ? Path.GetFullPath(given, request.CurrentDirectory)
            : Path.GetDirectoryName(first) ?? request.CurrentDirectory;
        var documents = ReadDocuments(request, diagnostics);
        var variables = ReadEnvFiles(request, projectDirectory, diagnostics);
        string? FromCaller(string name) => request.Environment.GetValueOrDefault(name) ?? variables.GetValueOrDefault(name);

        var context = new LoadContext(diagnostics, projectDirectory, request.Environment.GetValueOrDefault("HOME"), FromCaller, request.ReadText)
        {
            Certificates = certificates,
            Now = request.Time.GetUtcNow(),
        };
        var projectName = ProjectName.Of(request, documents, context);
        string? Lookup(string name) => FromCaller(name) ?? (name == ProjectName.Variable ? projectName : null);
        context = context with { Lookup = Lookup };

        var root = Merged(documents, Lookup, diagnostics);
        return root is null ? null : StackReader.Read(new Value(root, "", context), projectName);
    }

    private static List<Node.Map> ReadDocuments(StackFileRequest request, Diagnostics diagnostics)
    {
        var documents = new List<Node.Map>();
        foreach (var file in request.Files)
        {
            diagnostics.Announce(file);
            if (ReadText(request, file, "the stack file", diagnostics) is { } text)
                documents.AddRange(YamlFile.Read(file, text, diagnostics));
        }

        return documents;
    }

    private static Dictionary<string, string> ReadEnvFiles(StackFileRequest request, string projectDirectory, Diagnostics diagnostics)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (request.EnvFiles is not { IsDefault: false } files)
        {
            var path = Path.Combine(projectDirectory, ".env");
            try
            {
                Add(path, request.ReadText(path));
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // The default env file is optional.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                diagnostics.Error(Place.Of(path), "", $"the env file cannot be read: {e.Message}", "check its permissions");
            }

            return variables;
        }

        foreach (var file in files)
        {
            if (ReadText(request, file, "the env file", diagnostics) is { } text)
                Add(file, text);
        }

        return variables;

        void Add(string file, string text)
        {
            // An earlier file's variables serve the later file's values; the caller's environment wins over both.
            var values = EnvFile.Parse(file, text, name => request.Environment.GetValueOrDefault(name) ?? variables.GetValueOrDefault(name), diagnostics);
            foreach (var (name, value) in values)
                variables[name] = value;
        }
    }

    private static string? ReadText(StackFileRequest request, string file, string what, Diagnostics diagnostics)
    {
        try
        {
            return request.ReadText(Path.GetFullPath(file, request.CurrentDirectory));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            diagnostics.Error(Place.Of(file), "", $"{what} does not exist", $"check the path; relative paths start at {request.CurrentDirectory}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            diagnostics.Error(Place.Of(file), "", $"{what} cannot be read: {e.Message}", "check the path and its permissions");
        }

        return null;
    }

    /// <summary>Each document is interpolated by itself before it is merged, as Compose does.</summary>
    private static Node.Map? Merged(List<Node.Map> documents, Func<string, string?> lookup, Diagnostics diagnostics)
    {
        Node.Map? merged = null;
        foreach (var document in documents)
        {
            var next = (Node.Map)new NodeInterpolator(lookup, diagnostics).Apply(document, "");
            merged = merged is null ? next : DocumentMerge.Merge(merged, next);
        }

        return merged is null ? null : (Node.Map)DocumentMerge.WithoutResets(merged);
    }
}
