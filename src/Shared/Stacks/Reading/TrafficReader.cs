using System.Globalization;
using System.Text;

namespace Orchestrator.Stacks.Reading;

/// <summary>How the ingress treats a service: the keys of <c>x-orchestrator</c> beside <c>route</c>.</summary>
internal static class TrafficReader
{
    /// <summary>A page is sent to every host with each table of the stack.</summary>
    private const int MaxPageBytes = 256 * 1024;

    /// <summary>The ingress counts milliseconds in 31 bits.</summary>
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    /// <summary>Browsers and load balancers in front give up earlier; each waiting request holds a connection open.</summary>
    private static readonly TimeSpan MaxHold = TimeSpan.FromMinutes(10);

    /// <summary>A batch that is watched longer holds the rollout up, its progress deadline aside.</summary>
    private static readonly TimeSpan MaxWindow = TimeSpan.FromHours(1);

    internal static readonly KeyTable<TrafficTimeoutsSpec> TimeoutKeys = new()
    {
        { "connect", (t, v) => t with { Connect = Timeout(v, MaxTimeout) ?? t.Connect } },
        { "response", (t, v) => t with { Response = Timeout(v, MaxTimeout) ?? t.Response } },
        { "idle", (t, v) => t with { Idle = Timeout(v, MaxTimeout) ?? t.Idle } },
        { "tunnel", (t, v) => t with { Tunnel = Timeout(v, MaxTimeout) ?? t.Tunnel } },
        { "queue", (t, v) => t with { Queue = Timeout(v, MaxTimeout) ?? t.Queue } },
    };

    internal static readonly KeyTable<SloSpec> SloKeys = new()
    {
        { "error_rate", (s, v) => s with { ErrorRate = ReadRate(v) } },
        { "p95", (s, v) => s with { P95 = Timeout(v, MaxTimeout) } },
        { "window", (s, v) => s with { Window = Timeout(v, MaxWindow) ?? s.Window } },
        { "requests", (s, v) => s with { RequestsMin = v.Int(1) ?? s.RequestsMin } },
    };

    internal static readonly KeyTable<MaintenanceSpec> MaintenanceKeys = new()
    {
        { "page", (m, v) => m with { Page = ReadPage(v) } },
        { "hold", (m, v) => m with { Hold = ReadHold(v) } },
    };

    private static readonly KeyTable<ProxyProtocolSpec> ProxyProtocolKeys = new()
    {
        { "send", (p, v) => p with { Send = v.Bool() ?? p.Send } },
        { "accept", (p, v) => p with { Accept = v.Bool() ?? p.Accept } },
    };

    private static readonly KeyTable<StickySpec> StickyKeys = new()
    {
        { "cookie", (s, v) => ReadCookie(v) is { } name ? s with { CookieName = name } : s },
    };

    /// <summary>The keys of <c>x-orchestrator</c> that mean nothing for a service that no ingress serves.</summary>
    internal static readonly KeyTable<TrafficSpec> Keys = new()
    {
        { "balance", (t, v) => t with { Balance = v.OneOf(("roundrobin", BalanceKind.RoundRobin), ("leastconn", BalanceKind.LeastConnections)) ?? t.Balance } },
        { "sticky", (t, v) => t with { Sticky = ReadSticky(v) } },
        { "timeouts", (t, v) => t with { Timeouts = TimeoutKeys.Read(v, t.Timeouts) } },
        { "max_connections", (t, v) => t with { MaxConnections = v.Int(0) ?? t.MaxConnections } },
        { "proxy_protocol", (t, v) => t with { ProxyProtocol = ReadProxyProtocol(v) } },
        { "slo", (t, v) => t with { Slo = ReadSlo(v) } },
        { "maintenance", (t, v) => t with { Maintenance = MaintenanceKeys.Read(v, t.Maintenance) } },
    };

    private static StickySpec? ReadSticky(Value value)
    {
        if (value.IsMap)
        {
            if (value.Find("cookie") is null)
                value.Error("`cookie` is missing", "write sticky: {cookie: NAME}, or sticky: source");
            return StickyKeys.Read(value, new StickySpec(StickyKind.Cookie));
        }

        if (value.Node is Yaml.Node.Scalar { Text: "cookie" or "source" or "true" or "false" } scalar)
            return scalar.Text == "false" ? null : new StickySpec(scalar.Text == "source" ? StickyKind.Source : StickyKind.Cookie);
        value.WrongKind("true, cookie, source or {cookie: NAME}");
        return null;
    }

    private static string? ReadCookie(Value value)
    {
        if (value.String() is not { } name)
            return null;
        if (name.Length is > 0 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            return name;
        value.Error($"`{name}` is not a cookie's name", "letters, digits, `_`, `-` and `.`; at most 64");
        return null;
    }

    private static ProxyProtocolSpec ReadProxyProtocol(Value value) => value.IsMap
        ? ProxyProtocolKeys.Read(value, new ProxyProtocolSpec())
        : value.OneOf(
            ("send", (Accept: false, Send: true)),
            ("accept", (Accept: true, Send: false)),
            ("both", (Accept: true, Send: true))) is { } both ? new ProxyProtocolSpec(both.Accept, both.Send) : new ProxyProtocolSpec();

    private static SloSpec? ReadSlo(Value value)
    {
        var slo = SloKeys.Read(value, new SloSpec());
        if (value.IsMap && value.Find("error_rate") is null && value.Find("p95") is null)
            value.Error("there is no limit in it", "add `error_rate`, `p95` or both");
        return slo;
    }

    /// <summary>A share from 0 to 1, or a percentage.</summary>
    private static double? ReadRate(Value value)
    {
        if (value.Node is not Yaml.Node.Scalar { Text: var text } || !text.EndsWith('%'))
            return (double?)value.Decimal(0, 1);
        if (decimal.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent <= 100)
            return (double)(percent / 100);
        value.Error($"`{text}` is not a share", "write a number from 0 to 1, or a percentage such as 1%");
        return null;
    }

    private static string? ReadPage(Value value)
    {
        if (value.String() is not { } path || value.Context.AbsolutePath(path, value) is not { } absolute || value.Context.Read(absolute, value, "the page") is not { } page)
            return null;
        if (Encoding.UTF8.GetByteCount(page) <= MaxPageBytes)
            return page;
        value.Error($"the page is larger than {MaxPageBytes / 1024} KiB", "link to images and styles that are elsewhere");
        return null;
    }

    private static TimeSpan ReadHold(Value value)
    {
        if (value.Duration() is not { } hold)
            return TimeSpan.Zero;
        if (hold <= MaxHold)
            return hold;
        value.Error("must be at most 10m", "requests that wait longer are given up by their clients");
        return TimeSpan.Zero;
    }

    /// <summary>From a millisecond, the ingress's unit; null after an error was reported.</summary>
    private static TimeSpan? Timeout(Value value, TimeSpan max)
    {
        if (value.Duration() is not { } duration)
            return null;
        if (duration >= TimeSpan.FromMilliseconds(1) && duration <= max)
            return duration;
        value.Error($"must be from 1ms to {(max.TotalDays >= 1 ? $"{max.TotalDays:0}d" : $"{max.TotalHours:0}h")}");
        return null;
    }
}
