using System.Collections.Immutable;
using Orchestrator.Agent.Templates.Language;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Templates.Resources;

/// <summary>One file of <c>conf.d</c>: what is rendered from which keys to where, and which commands check and load it.</summary>
internal sealed record TemplateResource
{
    /// <summary>The file's name in <c>conf.d</c>, such as <c>nginx.toml</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The whole text it was read from: another text is another resource.</summary>
    public required string Definition { get; init; }

    /// <summary>The template's path.</summary>
    public required string Source { get; init; }

    /// <summary>Absolute.</summary>
    public required string Destination { get; init; }

    /// <summary>Keys below it are shown, without it. Default: all keys.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Below <see cref="Prefix"/>; default <c>/</c>.</summary>
    public ImmutableArray<string> Keys { get; init; } = ["/"];

    /// <summary>Null: the destination's own, or 0644 for one that does not exist.</summary>
    public UnixFileMode? Mode { get; init; }

    /// <summary>Name or number; null with <see cref="Group"/>: the destination's own.</summary>
    public string? Owner { get; init; }

    public string? Group { get; init; }

    /// <summary><c>{{.src}}</c> stands for the staged file.</summary>
    public string? CheckCommand { get; init; }

    public string? ReloadCommand { get; init; }

    /// <summary>How long after the reload a draining endpoint may still have connections here. Null: its own <see cref="Endpoint.DrainTimeout"/>.</summary>
    public TimeSpan? Drain { get; init; }

    public KeyStore StoreOf(ImmutableSortedDictionary<string, string> keys) => KeyStore.Of(keys, Prefix, Keys);

    /// <summary>False only when no key of the service can reach the template, and so no connection of the proxy its replicas.</summary>
    public bool Touches(string stack, string service)
    {
        var at = TrafficKeys.OfService(stack, service);
        return Keys.Any(key =>
        {
            var path = Prefix.TrimEnd('/') + key.TrimEnd('/');
            return KeyStore.IsAt(at, path) || KeyStore.IsAt(path, at);
        });
    }
}
