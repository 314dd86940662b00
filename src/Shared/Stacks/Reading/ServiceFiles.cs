using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Stacks.EnvFiles;

namespace Orchestrator.Stacks.Reading;

/// <summary>What a service takes from other files: <c>env_file</c>, <c>label_file</c>, and a seccomp profile in <c>security_opt</c>.</summary>
internal static class ServiceFiles
{
    private sealed record EnvFileEntry(string? Path, bool Required, bool Raw);

    private static readonly KeyTable<EnvFileEntry> EnvFileKeys = new()
    {
        { "path", (e, v) => e with { Path = v.String() } },
        { "required", (e, v) => e with { Required = v.Bool() ?? true } },
        { "format", (e, v) => e with { Raw = v.OneOf(("raw", true)) ?? false } },
    };

    public static ImmutableArray<(string Key, string? Text)> ReadEnvironment(Value value)
    {
        var variables = ImmutableArray.CreateBuilder<(string, string?)>();
        foreach (var item in value.IsScalar || value.IsMap ? [value] : value.Items())
        {
            var entry = item.IsMap ? EnvFileKeys.Read(item, new EnvFileEntry(null, true, false)) : new EnvFileEntry(item.String(), true, false);
            if (item.IsMap && item.Find("path") is null)
                item.Error("`path` is missing", "name the env file");
            if (entry.Path is { } path)
                variables.AddRange(ReadOne(item, path, entry).Select(p => (p.Key, (string?)p.Value)));
        }

        return variables.ToImmutable();
    }

    public static ImmutableSortedDictionary<string, string> ReadLabels(Value value)
    {
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var item in value.IsScalar ? [value] : value.Items())
        {
            if (item.String() is { } path)
            {
                foreach (var (key, text) in ReadOne(item, path, new EnvFileEntry(path, true, false), "the label file"))
                    labels[key] = text;
            }
        }

        return labels.ToImmutable();
    }

    /// <summary>The engine takes a seccomp profile's content, not its path: the file is on this machine, the engine may not be.</summary>
    public static ImmutableArray<string> ReadSecurityOptions(Value value)
    {
        var options = ImmutableArray.CreateBuilder<string>();
        foreach (var item in value.Items())
        {
            if (item.String() is not { } option)
                continue;
            if (!option.StartsWith("seccomp", StringComparison.Ordinal) || option.Length < 9 || option[7] is not (':' or '='))
                options.Add(option);
            else if (option[8..] is "unconfined" or "builtin")
                options.Add($"seccomp={option[8..]}");
            else if (item.Context.AbsolutePath(option[8..], item) is { } path && item.Context.Read(path, item, "the seccomp profile") is { } text)
                options.Add($"seccomp={Compact(text, item)}");
        }

        return options.ToImmutable();
    }

    private static IReadOnlyDictionary<string, string> ReadOne(Value item, string path, EnvFileEntry entry, string what = "the env file")
    {
        var context = item.Context;
        if (context.AbsolutePath(path, item) is not { } absolute || (!entry.Required && !context.Exists(absolute)))
            return ImmutableDictionary<string, string>.Empty;
        if (context.Read(absolute, item, what) is not { } text)
            return ImmutableDictionary<string, string>.Empty;
        return entry.Raw
            ? EnvFile.ParseRaw(absolute, text, context.Lookup, context.Diagnostics)
            : EnvFile.Parse(absolute, text, context.Lookup, context.Diagnostics);
    }

    private static string Compact(string json, Value at)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
                document.WriteTo(writer);
            return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
        }
        catch (JsonException e)
        {
            at.Error($"the seccomp profile is not JSON: {e.Message}");
            return json;
        }
    }
}
