using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Agent.Ingress.Runtime;

/// <summary>The answer to <c>show stat</c> for backends and servers of one process. What is the ingress's own, named with a dot first, is left out.</summary>
internal sealed record WorkerStats(ImmutableSortedSet<string> Backends, ImmutableArray<ServerStats> Servers)
{
    /// <summary>Backends (2) and servers (4) of all proxies.</summary>
    public const string Command = "show stat -1 6 -1";

    public static WorkerStats Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var head = Array.FindIndex(lines, line => line.StartsWith("# ", StringComparison.Ordinal));
        if (head < 0) return new WorkerStats([], []);
        var columns = lines[head][2..].Split(',').Index().ToDictionary(column => column.Item, column => column.Index, StringComparer.Ordinal);
        var backends = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var servers = ImmutableArray.CreateBuilder<ServerStats>();
        foreach (var line in lines.Skip(head + 1))
        {
            var row = new Row(columns, Cells(line));
            if (row["pxname"] is not { Length: > 0 } backend || backend[0] == '.') continue;
            if (row["type"] == "1") backends.Add(backend);
            else if (row["type"] == "2") servers.Add(row.Server(backend));
        }

        return new WorkerStats(backends.ToImmutable(), servers.ToImmutable());
    }

    /// <summary>A server is in one backend of those that speak HTTP, or the times of all of them are told as one: they are given to the first.</summary>
    public WorkerStats WithLatencies(ImmutableDictionary<string, ImmutableArray<long>> latencies)
    {
        var given = new HashSet<string>(StringComparer.Ordinal);
        return this with
        {
            Servers = [.. Servers.Select(server => latencies.TryGetValue(server.Name, out var counts) && given.Add(server.Name) ? server with { Latencies = counts } : server)],
        };
    }

    /// <summary>Texts of checks come in double quotes and may hold commas.</summary>
    private static List<string> Cells(string line)
    {
        var cells = new List<string>();
        var start = 0;
        var isQuoted = false;
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '"') isQuoted = !isQuoted;
            if (i < line.Length && (line[i] != ',' || isQuoted)) continue;
            cells.Add(line[start..i]);
            start = i + 1;
        }

        return cells;
    }

    private readonly struct Row(Dictionary<string, int> columns, List<string> cells)
    {
        public string this[string column] => columns.TryGetValue(column, out var at) && at < cells.Count ? cells[at] : "";

        public ServerStats Server(string backend) => new(backend, this["svname"], this["addr"], this["status"])
        {
            IsTcp = this["mode"] == "tcp",
            Open = Number("scur") + Number("qcur"),
            SessionsTotal = Number("stot"),
            Answers = Number("hrsp_1xx") + Number("hrsp_2xx") + Number("hrsp_3xx") + Number("hrsp_4xx") + Number("hrsp_5xx") + Number("hrsp_other"),
            ServerErrors = Number("hrsp_5xx"),
            ConnectionErrors = Number("econ") + Number("eresp"),
            ResponseMs = Number("rtime"),
        };

        private long Number(string column) => long.TryParse(this[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}

/// <param name="Address">With its port.</param>
/// <param name="Status"><c>UP</c>, <c>DOWN</c>, <c>MAINT</c>, <c>DRAIN</c>, with a count such as <c>UP 1/2</c> on the way from one to the other.</param>
internal sealed record ServerStats(string Backend, string Name, string Address, string Status)
{
    /// <summary>No HTTP is spoken: there are connections, and no answers.</summary>
    public bool IsTcp { get; init; }

    /// <summary>HTTP answers, or connections made.</summary>
    public long Requests => IsTcp ? Math.Max(0, SessionsTotal - ConnectionErrors) : Answers;

    /// <summary>By <see cref="Orchestrator.Traffic.LatencyBuckets"/>; empty where they are not watched.</summary>
    public ImmutableArray<long> Latencies { get; init; } = [];

    /// <summary>Sessions at the server and waiting for it.</summary>
    public long Open { get; init; }

    public long SessionsTotal { get; init; }

    public long Answers { get; init; }

    public long ServerErrors { get; init; }

    public long ConnectionErrors { get; init; }

    public long ResponseMs { get; init; }

    /// <summary>Takes nothing new, from cookies neither; a server that only drains would.</summary>
    public bool IsOut => Status.StartsWith("MAINT", StringComparison.Ordinal);
}
