using System.Globalization;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Ingress;

/// <summary>
/// Counts response times inside HAProxy, which itself keeps averages only, and tells them at the socket. Loaded only where a service is held to a p95. Exact rather than
/// sampled, for windows are short and new replicas few; gone with the process, as its other counters are.
/// </summary>
internal static class LatencyScript
{
    public const string Command = "show latencies";

    /// <summary>Replicas come and go within a process's life: past this all counts begin anew. Each costs half a kilobyte or so.</summary>
    private const int ServersMax = 2_000;

    public static string Text { get; } = string.Create(CultureInfo.InvariantCulture, $$"""
        local counts, known = {}, 0
        core.register_action("latency", { "http-res" }, function(txn)
          local server, us = txn.f:srv_name(), txn:get_var("txn.took")
          if not server or not us then return end
          local row = counts[server]
          if not row then
            if known >= {{ServersMax}} then counts, known = {}, 0 end
            row = {}
            for i = 1, {{LatencyBuckets.Count}} do row[i] = 0 end
            counts[server] = row
            known = known + 1
          end
          local bucket = 1
          if us > 1000 then bucket = math.min({{LatencyBuckets.Count}}, 1 + math.ceil(math.log(us / 1000, {{LatencyBuckets.Ratio}}))) end
          row[bucket] = row[bucket] + 1
        end, 0)
        core.register_cli({ "show", "latencies" }, "show latencies : response times by server", function(applet)
          local lines = {}
          for server, row in pairs(counts) do lines[#lines + 1] = server .. " " .. table.concat(row, ",") .. "\n" end
          for _, line in ipairs(lines) do applet:send(line) end
        end)

        """);
}
