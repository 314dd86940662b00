using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Agent.Templates.Resources;

/// <summary>The keys of <c>[template]</c> → a resource, or all that is wrong with it.</summary>
internal sealed class TemplateResourceReader
{
    private const string TableName = "template";

    private static readonly string[] _known = ["src", "dest", "keys", "prefix", "mode", "uid", "gid", "owner", "group", "check_cmd", "reload_cmd", "drain"];

    private readonly string _file;
    private readonly Dictionary<string, TomlValue> _values;
    private readonly List<string> _errors;

    private TemplateResourceReader(string file, Dictionary<string, TomlValue> values, IEnumerable<string> errors)
    {
        _file = file;
        _values = values;
        _errors = [.. errors];
    }

    /// <param name="templates">The folder that <c>src</c> is below.</param>
    public static (TemplateResource? Resource, ImmutableArray<string> Errors) Read(string file, string text, string templates)
    {
        var (tables, errors) = TomlReader.Read(file, text);
        var reader = new TemplateResourceReader(file, tables.GetValueOrDefault(TableName) ?? [], errors);
        reader.CheckNames(tables);
        var resource = reader.Build(text, templates);
        return (reader._errors.Count == 0 ? resource : null, [.. reader._errors]);
    }

    private void CheckNames(Dictionary<string, Dictionary<string, TomlValue>> tables)
    {
        if (!tables.ContainsKey(TableName)) _errors.Add($"{_file}:1:1: there is no [template]; write it above the keys");
        foreach (var name in tables.Keys.Where(name => name is not ("" or TableName))) _errors.Add($"{_file}: the table [{name}] is not known; a template resource has [template] alone");
        foreach (var (key, value) in tables[""]) Error(value, $"{key} stands before [template]; write it below");
        foreach (var (key, value) in _values.Where(pair => !_known.Contains(pair.Key))) Error(value, $"the key {key} is not known; there are {string.Join(", ", _known)}");
    }

    private TemplateResource? Build(string text, string templates)
    {
        var (source, destination) = (Text("src", isRequired: true), Text("dest", isRequired: true));
        if (destination is not null && (!destination.StartsWith('/') || destination.EndsWith('/'))) Error(_values["dest"], $"dest is '{destination}'; it is the absolute path of a file");
        var resource = new TemplateResource
        {
            Name = Path.GetFileName(_file),
            Definition = text,
            Source = Path.Combine(templates, source ?? ""),
            Destination = Path.GetFullPath(destination is { Length: > 0 } ? destination : "/"),
            Prefix = Rooted(Text("prefix") ?? ""),
            Keys = Paths(),
            Mode = Mode(),
            Owner = OwnerOf("owner", "uid"),
            Group = OwnerOf("group", "gid"),
            CheckCommand = Text("check_cmd"),
            ReloadCommand = Text("reload_cmd"),
            Drain = Drain(),
        };
        return _errors.Count == 0 ? resource : null;
    }

    private void Error(TomlValue at, string what) => _errors.Add($"{_file}:{at.Line}:{at.Column}: {what}");

    private static string Rooted(string path) => path.Length == 0 || path.StartsWith('/') ? path : "/" + path;

    /// <summary>Null for one that is missing or empty.</summary>
    private string? Text(string key, bool isRequired = false)
    {
        if (!_values.TryGetValue(key, out var value))
        {
            if (isRequired) _errors.Add($"{_file}: [template] has no {key}");
            return null;
        }

        if (value is TomlValue.Text { Value: { Length: > 0 } text }) return text;
        if (value is not TomlValue.Text) Error(value, $"{key} is {value.Kind}; it is a string in quotes");
        else if (isRequired) Error(value, $"{key} is empty");
        return null;
    }

    private ImmutableArray<string> Paths()
    {
        if (!_values.TryGetValue("keys", out var value)) return ["/"];
        if (value is not TomlValue.List list)
        {
            Error(value, $"keys is {value.Kind}; it is an array of strings: [\"/stacks/shop\"]");
            return [];
        }

        var paths = ImmutableArray.CreateBuilder<string>();
        foreach (var item in list.Values)
        {
            if (item is TomlValue.Text { Value: { Length: > 0 } path }) paths.Add(Rooted(path));
            else Error(item, $"keys holds {item.Kind}; each is a path such as \"/stacks/shop\"");
        }

        if (list.Values.IsEmpty) Error(value, "keys is empty, so that the template would see nothing; leave it out to see everything");
        return paths.ToImmutable();
    }

    private UnixFileMode? Mode()
    {
        if (Text("mode") is not { } text) return null;
        if (text.Length is >= 3 and <= 4 && text.All(c => c is >= '0' and <= '7')) return (UnixFileMode)Convert.ToInt32(text, 8);
        Error(_values["mode"], $"mode is '{text}'; it is octal, such as \"0644\"");
        return null;
    }

    private string? OwnerOf(string byName, string byNumber)
    {
        if (_values.TryGetValue(byNumber, out var number))
        {
            if (_values.ContainsKey(byName)) Error(number, $"{byNumber} and {byName} say the same thing; keep one");
            if (number is TomlValue.Whole { Value: >= 0 and <= uint.MaxValue } whole) return whole.Value.ToString(CultureInfo.InvariantCulture);
            Error(number, $"{byNumber} is a whole number from 0");
            return null;
        }

        if (Text(byName) is not { } name) return null;
        if (name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '$') && name[0] != '-') return name;
        Error(_values[byName], $"{byName} is '{name}', which names nobody");
        return null;
    }

    private TimeSpan? Drain()
    {
        if (Text("drain") is not { } text) return null;
        var unit = text.TrimStart([.. "0123456789"]);
        var factor = unit switch { "ms" => TimeSpan.FromMilliseconds(1), "s" => TimeSpan.FromSeconds(1), "m" => TimeSpan.FromMinutes(1), "h" => TimeSpan.FromHours(1), _ => TimeSpan.Zero };
        if (factor > TimeSpan.Zero && int.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count * factor <= TimeSpan.FromDays(1)) return count * factor;
        Error(_values["drain"], $"drain is '{text}'; it is a time up to a day, such as \"30s\" or \"5m\"");
        return null;
    }
}
