using Orchestrator.Load.Generating;
using Orchestrator.Load.Http;

namespace Orchestrator.Load.Checking;

/// <summary>One request, for a healthcheck in an image that has no shell and no other client.</summary>
internal static class HealthProbe
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string url)
    {
        var target = Target.Parse(url);
        var (connection, outcome) = await HttpConnection.ConnectAsync(target, Timeout);
        if (connection is null)
            return Say(outcome);
        using (connection)
        {
            outcome = await connection.RequestAsync(target.Request(target.Path, keepAlive: false));
            return Say(outcome);
        }

        int Say(Outcome outcome)
        {
            Console.WriteLine(outcome.IsSuccess ? $"{url}: 200" : $"{url}: {outcome.Detail}");
            return outcome.IsSuccess ? ExitCode.Done : ExitCode.Failures;
        }
    }
}
