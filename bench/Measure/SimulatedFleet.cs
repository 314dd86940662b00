using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Links;
using Orchestrator.Links;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Measure;

/// <summary>Many hosts in one process: real certificates, real links, no engines.</summary>
internal static class SimulatedFleet
{
    /// <summary>For all hosts to be connected.</summary>
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromMinutes(3);

    public static async Task RunAsync(Uri url, string dataDir, int count, string folder)
    {
        var time = TimeProvider.System;
        var names = Enumerable.Range(1, count).Select(n => $"s{n}").ToList();
        using (var trust = Trust.Open(dataDir, Trust.LocalNames, time))
        {
            foreach (var name in names)
            {
                var joined = trust.IssueLocal(name, CertificateRole.Agent, [url.ToString()]);
                Credential(folder, name).Save(joined.AuthorityPem, joined.CertificatePem, joined.KeyPem);
            }
        }
        var system = ActorSystem.Create("scale");
        var connected = new CountdownEvent(count);
        ILoggerFactory loggers = NullLoggerFactory.Instance;
#pragma warning disable RS0030 // The composition root: chance comes in here.
        var seeds = new Random();
#pragma warning restore RS0030
        foreach (var (number, name) in names.Index())
        {
            var agent = system.ActorOf(Props.Create(() => new SimulatedAgent(name, number, connected)), name);
            var random = new Random(seeds.Next());
            system.ActorOf(AgentLink.PropsFor([url], Credential(folder, name), agent, new LinkOptions(), "scale", time, random, loggers), $"link-{name}");
        }
        if (!connected.Wait(ConnectTimeout))
        {
            throw new TimeoutException($"{connected.CurrentCount} of {count} hosts did not connect within {ConnectTimeout.TotalMinutes:0} min");
        }
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        await system.Terminate();
    }

    private static CredentialFolder Credential(string folder, string name) => new(Path.Combine(folder, name), AgentLink.CredentialName);
}
