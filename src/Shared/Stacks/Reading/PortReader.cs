using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Orchestrator.Stacks.Reading;

/// <summary><c>ports</c> (<c>[ip:][published[-published]:]target[-target][/protocol]</c> or a mapping) and <c>expose</c>.</summary>
internal static class PortReader
{
    /// <summary>A range expands to one port each; a larger one is a slip, and would take the engine minutes.</summary>
    private const int MaxRange = 1024;

    private const string ShortForm = "the form is [ip:][published:]target[/protocol], such as 8080:80 or 127.0.0.1:8080:80/tcp";

    private readonly record struct Range(int First, int Last)
    {
        public int Count => Last - First + 1;
    }

    private sealed record Long(int? Target, Range? Published, string? HostIp, string Protocol, PortMode Mode, PortApplication Application);

    private readonly record struct Port(PortSpec Spec, PortApplication Application);

    private static readonly KeyTable<Long> Keys = new()
    {
        { "target", (p, v) => p with { Target = v.Int(1, 65535) } },
        { "published", (p, v) => p with { Published = ReadRange(v, v.ScalarText(), min: 0) } },
        { "host_ip", (p, v) => p with { HostIp = CheckIp(v, v.String()) } },
        { "protocol", (p, v) => p with { Protocol = CheckProtocol(v, v.String() ?? "tcp") } },
        { "mode", (p, v) => p with { Mode = v.OneOf(("ingress", PortMode.Ingress), ("host", PortMode.Host)) ?? PortMode.Ingress } },
        // Only describes; nothing is made from it.
        { "name", (p, v) => { v.String(); return p; } },
        { "app_protocol", (p, v) => p with { Application = ReadApplication(v) } },
    };

    /// <summary>The ingress listens on a port that is published in its mode; every other one is bound by the container itself.</summary>
    public static ServiceDraft Read(ServiceDraft draft, Value value)
    {
        var ports = new List<PortSpec>();
        var ingress = ImmutableArray.CreateBuilder<Placed<IngressPortSpec>>();
        foreach (var item in value.Items())
        {
            foreach (var (port, application) in item.IsMap ? ReadLong(item) : ReadShort(item))
            {
                if (!Add(ports, port, item) || port is not { Mode: PortMode.Ingress, Published: { } published })
                    continue;
                if (port.Protocol == "tcp")
                    ingress.Add(new(new IngressPortSpec { Published = published, Target = port.Target, HostIp = port.HostIp, Application = application }, item));
                else
                    item.Error($"{port.Protocol} is not carried by the ingress", $"write it in the long form with mode: host, such as {{target: {port.Target}, published: {published}, protocol: {port.Protocol}, mode: host}}");
            }
        }

        return draft with
        {
            Container = draft.Container with { Ports = [.. ports.Where(p => p is { Mode: PortMode.Host } or { Published: null })] },
            IngressPorts = ingress.ToImmutable(),
        };
    }

    public static ImmutableArray<string> ReadExposed(Value value)
    {
        var ports = ImmutableArray.CreateBuilder<string>();
        foreach (var item in value.Items())
        {
            if (item.ScalarText() is not { } text)
                continue;
            var (rest, protocol) = SplitProtocol(item, text);
            if (ReadRange(item, rest, min: 1) is not { } range)
                continue;
            for (var port = range.First; port <= range.Last; port++)
            {
                var exposed = $"{port.ToString(CultureInfo.InvariantCulture)}/{protocol}";
                if (!ports.Contains(exposed))
                    ports.Add(exposed);
            }
        }

        return ports.ToImmutable();
    }

    /// <returns>Whether it is one more; a repetition is none.</returns>
    private static bool Add(List<PortSpec> ports, PortSpec port, Value at)
    {
        var same = ports.FirstOrDefault(p => p.Published is not null && p.Published == port.Published && p.Protocol == port.Protocol && p.HostIp == port.HostIp);
        if (same is null)
        {
            ports.Add(port);
            return true;
        }

        if (same != port)
            at.Error($"port {port.Published} is published twice: for {same.Target} and for {port.Target}", "publish one of them on another port");
        return false;
    }

    /// <summary>Words of others' (<c>ssh</c>, <c>redis</c>, <c>https</c>, <c>grpc</c>, …) are bytes to the ingress.</summary>
    private static PortApplication ReadApplication(Value value) => value.String()?.ToLowerInvariant() switch
    {
        null => PortApplication.Auto,
        "http" => PortApplication.Http,
        _ => PortApplication.Tcp,
    };

    private static IEnumerable<Port> ReadLong(Value value)
    {
        var port = Keys.Read(value, new Long(null, null, null, "tcp", PortMode.Ingress, PortApplication.Auto));
        if (value.Find("target") is null)
            value.Error("`target` is missing", "add the container's port");
        if (port.Target is not { } target)
            return [];
        if (port.Published is { Count: > 1 })
        {
            value.Find("published")!.Error("a range of published ports for one target is not supported yet", "choose one port");
            return [];
        }

        return [new(new PortSpec { Target = target, Published = Chosen(port.Published?.First), HostIp = port.HostIp, Protocol = port.Protocol, Mode = port.Mode }, port.Application)];
    }

    private static IEnumerable<Port> ReadShort(Value value)
    {
        if (value.ScalarText() is not { } text)
            return [];
        var (rest, protocol) = SplitProtocol(value, text);
        var targetAt = rest.LastIndexOf(':');
        var target = ReadRange(value, rest[(targetAt + 1)..], min: 1);
        if (targetAt < 0)
            return target is { } alone ? Expand(alone, null, null, protocol) : [];

        var left = rest[..targetAt];
        var ipEnd = left.LastIndexOf(':');
        var publishedText = left[(ipEnd + 1)..];
        var ip = ipEnd < 0 ? null : left[..ipEnd].Trim('[', ']');
        if (ip is not null && CheckIp(value, ip) is null)
            return [];
        var published = publishedText.Length == 0 && ip is not null ? null : ReadRange(value, publishedText, min: 0);
        if (target is not { } t || (published is null && publishedText.Length > 0))
            return [];
        if (published is null)
            return ip is null ? [] : Expand(t, null, ip, protocol);
        if (published.Value.Count == t.Count)
            return Expand(t, published, ip, protocol);
        value.Error(
            t.Count == 1
                ? "a range of published ports for one target is not supported yet"
                : $"{published.Value.Count} published ports do not match {t.Count} targets",
            t.Count == 1 ? "choose one port" : "make both ranges equally long");
        return [];
    }

    private static IEnumerable<Port> Expand(Range target, Range? published, string? ip, string protocol) =>
        Enumerable.Range(0, target.Count).Select(i => new Port(
            new PortSpec { Target = target.First + i, Published = Chosen(published?.First + i), HostIp = ip, Protocol = protocol },
            PortApplication.Auto));

    /// <summary>Publishing 0 is the engine's way to say: any free port.</summary>
    private static int? Chosen(int? published) => published == 0 ? null : published;

    private static (string Ports, string Protocol) SplitProtocol(Value value, string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (text, "tcp") : (text[..slash], CheckProtocol(value, text[(slash + 1)..]));
    }

    private static string CheckProtocol(Value value, string protocol)
    {
        var lower = protocol.ToLowerInvariant();
        if (lower is "tcp" or "udp" or "sctp")
            return lower;
        value.Error($"`{protocol}` is not a protocol", "use tcp, udp or sctp");
        return "tcp";
    }

    private static string? CheckIp(Value value, string? ip)
    {
        if (ip is null || IPAddress.TryParse(ip, out _))
            return ip;
        value.Error($"`{ip}` is not an IP address", ShortForm);
        return null;
    }

    private static Range? ReadRange(Value value, string? text, int min)
    {
        if (text is null)
            return null;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var firstText = dash < 0 ? text : text[..dash];
        var lastText = dash < 0 ? text : text[(dash + 1)..];
        if (!int.TryParse(firstText, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !int.TryParse(lastText, NumberStyles.None, CultureInfo.InvariantCulture, out var last))
        {
            // A number with too many digits is out of range, not malformed.
            if (text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c == '-') && dash != 0 && !text.EndsWith('-'))
                value.Error($"port {text} is out of range", "ports go from 1 to 65535");
            else
                value.Error($"`{text}` is not a port", ShortForm);
            return null;
        }

        if (first < min || first > 65535 || last < min || last > 65535)
        {
            value.Error($"port {(first < min || first > 65535 ? first : last)} is out of range", "ports go from 1 to 65535");
            return null;
        }

        if (last < first)
            value.Error($"the range {text} runs backwards", $"write {last}-{first}");
        else if (last - first >= MaxRange)
            value.Error($"the range {text} holds more than {MaxRange} ports", "publish fewer ports, or use `network_mode: host`");
        else
            return new Range(first, last);
        return null;
    }
}
