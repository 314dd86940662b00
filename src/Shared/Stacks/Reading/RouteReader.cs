using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary><c>x-orchestrator.route</c>: one mapping, or a list of them.</summary>
internal static class RouteReader
{
    public const int HttpPort = 80;

    public const int HttpsPort = 443;

    internal static readonly KeyTable<RouteDraft> Keys = new()
    {
        { "host", (r, v) => r with { Hosts = ReadHosts(v) } },
        { "path", (r, v) => r with { Path = ReadPath(v, v.String()) ?? r.Path } },
        { "port", (r, v) => r with { Port = v.Int(1, 65535) } },
        { "strip", (r, v) => r with { Strip = v.Bool() ?? r.Strip } },
        {
            "protocol",
            (r, v) => r with
            {
                Protocol = v.OneOf(
                    ("http", BackendProtocol.Http), ("https", BackendProtocol.Https), ("h2c", BackendProtocol.H2c), ("tls", BackendProtocol.Tls)) ?? r.Protocol,
            }
        },
        { "tls", (r, v) => r with { Certificate = CertificateReader.Read(v) } },
        { "redirect", (r, v) => r with { Redirect = v.Bool() ?? r.Redirect } },
        { "http_port", (r, v) => r with { HttpPort = v.Int(1, 65535) ?? r.HttpPort } },
        { "https_port", (r, v) => r with { HttpsPort = v.Int(1, 65535) ?? r.HttpsPort } },
    };

    public static ImmutableArray<RouteDraft> Read(Value value)
    {
        if (value.IsList)
            return [.. value.Items().Select(ReadOne).OfType<RouteDraft>()];
        return ReadOne(value) is { } route ? [route] : [];
    }

    /// <summary>A prefix by whole segments, without a slash at its end; null after an error was reported.</summary>
    public static string? ReadPath(Value at, string? path)
    {
        if (path is null)
            return null;
        if (path.StartsWith('~'))
            at.Error($"`{path}`: a regular expression as path is not supported yet", "write the prefix that its paths have in common");
        else if (!path.StartsWith('/'))
            at.Error($"`{path}` is not a path", "start it with /");
        else if (path.IndexOfAny(['?', '#', '"', '\\']) >= 0 || path.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            at.Error($"`{path}` is not a path", "escape spaces and quotes as in a browser's address, and leave `?…` and `#…` out");
        else
            return path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/";
        return null;
    }

    private static RouteDraft? ReadOne(Value value)
    {
        if (!value.IsMap)
        {
            value.WrongKind("a mapping such as {host: example.com, port: 8080}");
            return null;
        }

        var route = Keys.Read(value, new RouteDraft { At = value });
        var isEncrypted = value.Find("tls") is not null;
        if (route.Protocol == BackendProtocol.Tls)
            CheckPassThrough(value);
        else if (!isEncrypted)
            CheckPlain(value);
        else if (route.HttpPort == route.HttpsPort)
            (value.Find("https_port") ?? value.Find("http_port") ?? value).Error($"HTTP and HTTPS cannot both be on port {route.HttpPort}", "give them two ports");
        if (route is { Strip: true, Path: "/", Protocol: not BackendProtocol.Tls })
            value.Find("strip")!.Warn("`strip` has no effect without `path`", "add the path that is to be taken away");
        if (route.Certificate is { } certificate)
            CheckNames(route, certificate);
        return route;
    }

    /// <summary>What passes by encrypted is told apart by its SNI, and by nothing else.</summary>
    private static void CheckPassThrough(Value value)
    {
        if (value.Find("host") is null)
            value.Error("`protocol: tls` needs a host", "add the host that clients name in their SNI, or publish the port with `ports`");
        foreach (var key in (string[])["tls", "path", "strip", "redirect", "http_port"])
            value.Find(key)?.Error($"`{key}` does not go with `protocol: tls`, which passes encrypted bytes on unread", "remove it, or end TLS here with `tls:` and another protocol");
    }

    private static void CheckPlain(Value value)
    {
        foreach (var key in (string[])["redirect", "https_port"])
            value.Find(key)?.Error($"`{key}` has no meaning without `tls`", "add tls: {certificate: …, key: …}, or remove it");
    }

    private static void CheckNames(RouteDraft route, CertificateSpec certificate)
    {
        foreach (var host in route.Hosts)
        {
            if (HostPattern.IsCovered(host.Item, certificate.Names) == false)
                host.At.Warn(
                    $"the certificate is not for {host.Item}: {(certificate.Names.IsEmpty ? "it holds no DNS name" : $"it is for {string.Join(", ", certificate.Names)}")}",
                    "clients will refuse it; use one with that name");
        }
    }

    private static ImmutableArray<Placed<string>> ReadHosts(Value value)
    {
        var items = value.IsList ? value.Items() : [value];
        if (value.IsList && items.Count == 0)
            value.Error("the list of hosts is empty", "name a host, or leave the key out for any host");
        var hosts = ImmutableArray.CreateBuilder<Placed<string>>();
        foreach (var item in items)
        {
            if (item.String() is not { } text || HostPattern.Read(text, item) is not { } host)
                continue;
            if (hosts.Any(h => h.Item == host))
                item.Error($"the host {host} is here twice", "remove one of them");
            else
                hosts.Add(new(host, item));
        }

        return hosts.ToImmutable();
    }
}
