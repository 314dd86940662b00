namespace Orchestrator.Agent.Ingress;

/// <summary>
/// Lets requests wait for the end of maintenance inside HAProxy. Its own queue holds requests only for servers that are full, not where none serves; and
/// what waits must see the end of maintenance after a reload too, which the map tells every process.
/// </summary>
internal static class HoldScript
{
    public static string Text(string map) => $$"""
        local map = Map.new("{{map}}", Map._str)
        core.register_action("hold", { "http-req" }, function(txn, service, left)
          left = tonumber(left)
          while left > 0 and map:lookup(service) do
            core.msleep(50)
            left = left - 50
          end
        end, 2)

        """;
}
