namespace Orchestrator.Stacks.Reading;

/// <summary>What Compose has no key for: <c>x-orchestrator</c> on a service.</summary>
internal static class ExtensionReader
{
    /// <summary>Each kept container holds its image on the host.</summary>
    private const int MaxRetain = 10;

    internal static readonly KeyTable<ServiceDraft> Keys = Table();

    private sealed record Draft(string? Path, int? Port, int? Tcp);

    private static readonly KeyTable<Draft> ReadyKeys = new()
    {
        { "http", (d, v) => d with { Path = ReadPath(v) } },
        { "path", (d, v) => d with { Path = ReadPath(v) } },
        { "port", (d, v) => d with { Port = v.Int(1, 65535) } },
        { "tcp", (d, v) => d with { Tcp = v.Int(1, 65535) } },
    };

    public static ServiceDraft Read(ServiceDraft draft, Value value) => Keys.Read(value, draft);

    private static KeyTable<ServiceDraft> Table()
    {
        var keys = new KeyTable<ServiceDraft>
        {
            { "ready", (d, v) => d with { Container = d.Container with { Ready = ReadReady(v) } } },
            { "progress_deadline", (d, v) => d with { Deploy = d.Deploy with { ProgressDeadline = Positive(v) ?? d.Deploy.ProgressDeadline } } },
            { "retain", (d, v) => d with { Deploy = d.Deploy with { Retain = v.Int(0, MaxRetain) ?? d.Deploy.Retain } } },
            { "drain_timeout", (d, v) => d with { Deploy = d.Deploy with { DrainTimeout = v.Duration() ?? d.Deploy.DrainTimeout } } },
            { "strategy", (d, v) => d with { Deploy = d.Deploy with { Strategy = StrategyReader.Read(v) } } },
            { "route", (d, v) => d with { Routes = RouteReader.Read(v) } },
        };
        keys.AddRange(TrafficReader.Keys, d => d.Traffic, (d, t) => d with { Traffic = t });
        return keys;
    }

    private static ReadySpec? ReadReady(Value value)
    {
        if (!value.IsMap)
        {
            value.WrongKind("a mapping with `http` and `port`, or with `tcp`");
            return null;
        }

        var (path, port, tcp) = ReadyKeys.Read(value, new Draft(null, null, null));
        var http = value.Find("http") ?? value.Find("path");
        if (http is not null && value.Find("http") is not null && value.Find("path") is { } second)
            second.Error("`path` and `http` mean the same", "keep one");
        if (http is not null && value.Find("tcp") is not null)
            value.Error("both an HTTP and a TCP probe are given", "keep one");
        else if (http is null && value.Find("tcp") is null)
            value.Error("neither `http` nor `tcp` is given", "write ready: {http: /health, port: 8080} or ready: {tcp: 5432}");
        else if (http is not null && value.Find("port") is null)
            value.Error("`port` is missing", "add the container's port that answers");
        else if (http is null && value.Find("port") is { } extra)
            extra.Error("`port` does not go with `tcp`", "the port is the value of `tcp`");
        else if (path is not null && port is { } p)
            return new ReadySpec { HttpPath = path, Port = p };
        else if (tcp is { } t)
            return new ReadySpec { Port = t };
        return null;
    }

    private static string? ReadPath(Value value)
    {
        if (value.String() is not { } path)
            return null;
        if (path.StartsWith('/') && !path.Any(char.IsWhiteSpace))
            return path;
        value.Error($"`{path}` is not an HTTP path", "start it with / and escape spaces");
        return null;
    }

    private static TimeSpan? Positive(Value value)
    {
        var duration = value.Duration();
        if (duration == TimeSpan.Zero)
            value.Error("must be longer than 0");
        return duration;
    }
}
