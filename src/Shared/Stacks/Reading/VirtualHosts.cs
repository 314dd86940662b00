using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Stacks.Reading;

/// <summary>Routes by nginx-proxy's environment variables: <c>VIRTUAL_HOST</c>, <c>VIRTUAL_PORT</c>, <c>VIRTUAL_PATH</c>, <c>VIRTUAL_PROTO</c>.</summary>
internal static class VirtualHosts
{
    private const string Host = "VIRTUAL_HOST";

    private static readonly string[] WithoutEffect = ["VIRTUAL_DEST", "VIRTUAL_HOST_MULTIPORTS"];

    public static ImmutableArray<RouteDraft> Read(Value service, ImmutableSortedDictionary<string, string?> environment, bool hasRoutes)
    {
        foreach (var name in WithoutEffect.Where(n => Text(n) is not null))
            At(name).Warn($"{name} has no effect here", "write `x-orchestrator.route`, which has `strip` and takes a list");
        if (Text(Host) is not { } hosts)
            return [];
        var at = At(Host);
        if (hasRoutes)
        {
            at.Warn($"`x-orchestrator.route` overrides {Host}", "remove one of them");
            return [];
        }

        var patterns = ImmutableArray.CreateBuilder<Placed<string>>();
        foreach (var part in hosts.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (HostPattern.Read(part, at) is { } pattern && !patterns.Any(p => p.Item == pattern))
                patterns.Add(new(pattern, at));
        }

        // Without a host a route takes every request; a list of mistakes must not become that.
        return patterns.Count == 0 ? [] :
        [
            new RouteDraft
            {
                At = at,
                Hosts = patterns.ToImmutable(),
                Port = ReadPort(),
                Path = RouteReader.ReadPath(At("VIRTUAL_PATH"), Text("VIRTUAL_PATH")) ?? "/",
                Protocol = ReadProtocol(),
            },
        ];

        string? Text(string name) => environment.GetValueOrDefault(name) is { Length: > 0 } text ? text : null;

        Value At(string name) => PlaceOf(service, name);

        int? ReadPort()
        {
            if (Text("VIRTUAL_PORT") is not { } text)
                return null;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535)
                return port;
            At("VIRTUAL_PORT").Error($"VIRTUAL_PORT `{text}` is not a port", "ports go from 1 to 65535");
            return null;
        }

        BackendProtocol ReadProtocol()
        {
            switch (Text("VIRTUAL_PROTO"))
            {
                case null or "http":
                    return BackendProtocol.Http;
                case "https":
                    return BackendProtocol.Https;
                case var other:
                    At("VIRTUAL_PROTO").Error($"VIRTUAL_PROTO `{other}` is not supported", other is "grpc" or "grpcs" ? "write `x-orchestrator.route` with protocol: h2c" : "use http or https");
                    return BackendProtocol.Http;
            }
        }
    }

    /// <summary>The variable in <c>environment</c>, else what brings it in.</summary>
    private static Value PlaceOf(Value service, string name)
    {
        if (service.Find("environment") is { } environment)
        {
            if (environment.Find(name) is { } entry)
                return entry;
            if (environment.IsList && environment.Items().FirstOrDefault(i => i.Node is Yaml.Node.Scalar s && (s.Text == name || s.Text.StartsWith(name + "=", StringComparison.Ordinal))) is { } item)
                return item;
        }

        return service.Find("env_file") ?? service;
    }
}
