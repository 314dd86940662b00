using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Templates;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Templates;

/// <summary>A templates folder in a temporary place, and traffic for it.</summary>
internal sealed class TemplateFolder : IDisposable
{
    public static TemplateOptions Quick { get; } = new() { RetryMin = TimeSpan.FromMilliseconds(20), RetryMax = TimeSpan.FromMilliseconds(100), CommandTimeout = TimeSpan.FromSeconds(20) };

    public string Root { get; } = Directory.CreateTempSubdirectory("templates-").FullName;

    /// <summary>Where destinations are.</summary>
    public string Out => Directory.CreateDirectory(In("out")).FullName;

    public string In(string name) => Path.Combine(Root, name);

    public string Read(string name) => File.ReadAllText(Path.Combine(Out, name));

    public bool Has(string name) => File.Exists(Path.Combine(Out, name));

    /// <param name="more">Further lines of <c>[template]</c>.</param>
    public TemplateFolder With(string name, string template, string more = "", string? destination = null)
    {
        Directory.CreateDirectory(In("conf.d"));
        Directory.CreateDirectory(In("templates"));
        File.WriteAllText(In($"templates/{name}.tmpl"), template);
        File.WriteAllText(In($"conf.d/{name}.toml"), $"[template]\nsrc = '{name}.tmpl'\ndest = '{destination ?? Path.Combine(Out, name)}'\n{more}\n");
        return this;
    }

    public Props Sink(TemplateOptions? options = null)
    {
        var (root, chosen) = (Root, options ?? Quick);
        return Props.Create(() => new TemplatesActor(root, chosen, TimeProvider.System, NullLoggerFactory.Instance));
    }

    /// <summary>One service <c>web</c> of the stack <c>shop</c>, port 80.</summary>
    public static SinkMessage.Apply Apply(long number, params Endpoint[] endpoints) => new(number, new HostTraffic(HostTraffic.Empty.Stacks.Add("shop", new AgentCommand.ApplyTraffic
    {
        CommandId = $"{number}",
        Table = new TrafficTable
        {
            Stack = "shop",
            Version = number,
            Services = [new ServiceTraffic { Service = "web", Spec = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] }, Endpoints = [.. endpoints] }],
        },
    })));

    public static Endpoint Serving(string name, int port = 80) => new()
    {
        Id = $"{name}@h1",
        Replica = new ReplicaKey("shop", "web", 1, "aaaabbbbcccc"),
        Host = "h1",
        State = EndpointState.Serving,
        Address = "127.0.0.1",
        Ports = ImmutableSortedDictionary<int, int>.Empty.Add(8080, port),
        DrainTimeout = TimeSpan.FromMilliseconds(300),
    };

    public static Endpoint Draining(string name, int port = 80) => Serving(name, port) with { State = EndpointState.Draining };

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
