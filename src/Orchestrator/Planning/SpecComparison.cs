using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>All that differs between two specifications, key by key, so that a key which a later release adds is in it too. Pure.</summary>
internal static class SpecComparison
{
    /// <summary>What may hold a secret: shown by name alone unless asked for.</summary>
    private static readonly string[] Veiled = ["environment", "command", "entrypoint", "labels", "healthcheck.test", "logging.options", "driver_options", "deploy.labels", "extra_hosts", "sysctls", "traffic.maintenance.page"];

    /// <param name="Kind">service, network, volume, certificate.</param>
    /// <param name="IsNew">It was not there.</param>
    /// <param name="IsGone">It is not there any more.</param>
    public sealed record Part(string Kind, string Name, bool IsNew, bool IsGone, ImmutableArray<Key> Keys);

    /// <param name="Path">With dots; null values are those that are not there.</param>
    public sealed record Key(string Path, string? Before, string? After)
    {
        /// <summary>Its values are not for every eye.</summary>
        public bool IsVeiled => Veiled.Any(v => Path == v || Path.StartsWith(v + ".", StringComparison.Ordinal));
    }

    public static ImmutableArray<Part> Of(StackSpec before, StackSpec after) =>
    [
        .. Parts("service", before.Services.ToDictionary(s => s.Name, Node, StringComparer.Ordinal), after.Services.ToDictionary(s => s.Name, Node, StringComparer.Ordinal)),
        .. Parts("network", before.Networks.ToDictionary(n => n.Key, n => Node(n.Value), StringComparer.Ordinal), after.Networks.ToDictionary(n => n.Key, n => Node(n.Value), StringComparer.Ordinal)),
        .. Parts("volume", before.Volumes.ToDictionary(v => v.Key, v => Node(v.Value), StringComparer.Ordinal), after.Volumes.ToDictionary(v => v.Key, v => Node(v.Value), StringComparer.Ordinal)),
        .. Parts("certificate", before.Certificates.ToDictionary(c => Label(c.Value), c => Node(c.Value), StringComparer.Ordinal), after.Certificates.ToDictionary(c => Label(c.Value), c => Node(c.Value), StringComparer.Ordinal)),
    ];

    private static string Label(CertificateSpec certificate) => $"{certificate.Id[..Math.Min(12, certificate.Id.Length)]} ({string.Join(", ", certificate.Names)})";

    private static JsonNode? Node(ServiceSpec service) => JsonSerializer.SerializeToNode(service, SpecJson.Default.ServiceSpec);

    private static JsonNode? Node(NetworkSpec network) => JsonSerializer.SerializeToNode(network, SpecJson.Default.NetworkSpec);

    private static JsonNode? Node(VolumeSpec volume) => JsonSerializer.SerializeToNode(volume, SpecJson.Default.VolumeSpec);

    private static JsonNode? Node(CertificateSpec certificate) => JsonSerializer.SerializeToNode(certificate, SpecJson.Default.CertificateSpec);

    private static IEnumerable<Part> Parts(string kind, Dictionary<string, JsonNode?> before, Dictionary<string, JsonNode?> after)
    {
        foreach (var name in before.Keys.Union(after.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (was, isNow) = (before.ContainsKey(name), after.ContainsKey(name));
            if (was != isNow)
            {
                yield return new Part(kind, name, !was, !isNow, []);
            }
            else if (Keys(before[name], after[name]) is { IsEmpty: false } keys)
            {
                yield return new Part(kind, name, false, false, keys);
            }
        }
    }

    private static ImmutableArray<Key> Keys(JsonNode? before, JsonNode? after)
    {
        var (then, now) = (new SortedDictionary<string, string>(StringComparer.Ordinal), new SortedDictionary<string, string>(StringComparer.Ordinal));
        Flatten("", before, then);
        Flatten("", after, now);
        return
        [
            .. then.Keys.Union(now.Keys, StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .Select(path => new Key(path, then.GetValueOrDefault(path), now.GetValueOrDefault(path)))
                .Where(key => key.Before != key.After),
        ];
    }

    /// <summary>Objects are gone into; a list is one value, for its order matters. Null is what is not there.</summary>
    private static void Flatten(string path, JsonNode? node, SortedDictionary<string, string> into)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                Flatten(Join(path, name), value, into);
            }
        }
        else if (node is null && path.StartsWith("environment.", StringComparison.Ordinal))
        {
            into[path] = "(unset)";
        }
        else if (node is JsonArray { Count: > 0 } or JsonValue)
        {
            into[path] = node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : node.ToJsonString();
        }
    }

    /// <summary>What a container is made from stands at the top of a service in the file, so it does here. Names of the user's own stay as they are.</summary>
    private static string Join(string path, string name)
    {
        if (path.Length == 0)
        {
            return name == "Container" ? "" : Snake(name);
        }
        return IsOwn(path) ? $"{path}.{name}" : $"{path}.{Snake(name)}";
    }

    private static bool IsOwn(string path) => path is "environment" or "labels" or "deploy.labels" or "sysctls" or "ulimits" or "driver_options" or "logging.options";

    private static string Snake(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }
}
