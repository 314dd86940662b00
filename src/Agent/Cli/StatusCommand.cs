using System.CommandLine;
using System.Globalization;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

/// <summary>Who this host is, until when, whether an agent runs, and which coordinators answer.</summary>
internal sealed class StatusCommand(TimeProvider time) : AgentCommandBase("status", "Show this host's membership and which coordinators answer")
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);

    protected override async Task<int> RunAsync(ParseResult arguments, AgentFolder folder, CancellationToken cancellation)
    {
        var config = folder.Load();
        using var credential = folder.Credential.Load();
        var output = arguments.InvocationConfiguration.Output;
        await output.WriteLineAsync($"name         {config.Name}");
        await output.WriteLineAsync($"agent        {(IsRunning(folder) ? "running" : "not running")}, version {AgentVersion.Text}");
        await output.WriteLineAsync($"certificate  until {Date(credential.Certificate.NotAfter.ToUniversalTime())}, renewed from {Date(RenewalSchedule.DueAt(credential.Certificate).UtcDateTime)}");
        await output.WriteLineAsync($"engine       {config.Docker ?? "as Docker's own tools find it"}");
        foreach (var (key, value) in config.Labels) await output.WriteLineAsync($"label        {key}={value}");

        var reached = false;
        foreach (var coordinator in config.Coordinators)
        {
            var problem = await ProbeAsync(coordinator, credential, cancellation);
            reached |= problem is null;
            await output.WriteLineAsync($"coordinator  {coordinator} {problem ?? "answers"}");
        }

        return reached ? ExitCode.Done : ExitCode.Unreachable;
    }

    private static bool IsRunning(AgentFolder folder)
    {
        using var held = folder.TryLock();
        return held is null;
    }

    private async Task<string?> ProbeAsync(Uri coordinator, Credential credential, CancellationToken cancellation)
    {
        using var client = new HttpClient(CoordinatorTransport.Create(credential.Authority, credential.Certificate, time)) { Timeout = ProbeTimeout };
        try
        {
            using var answer = await client.GetAsync(new Uri(coordinator, LinkProtocol.AuthorityPath), cancellation);
            return answer.IsSuccessStatusCode ? null : $"answers HTTP {(int)answer.StatusCode}";
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return $"does not answer: {CoordinatorTransport.Describe(e)}";
        }
    }

    private static string Date(DateTime utc) => utc.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
