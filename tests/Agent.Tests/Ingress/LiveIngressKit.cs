using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Ingress.Runtime;
using Orchestrator.Agent.Traffic;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>The actor with the real HAProxy, on loopback.</summary>
public abstract class LiveIngressKit : TestKit
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<TestReplica> _replicas = [];
    private ImmutableHashSet<string> _drained = [];

    private protected LiveIngressKit()
    {
        var options = new IngressOptions { ConfigFolder = Path.Combine(Folder, "config"), RuntimeFolder = Path.Combine(Folder, "run"), AuditInterval = TimeSpan.FromMilliseconds(200), MaxConnections = 1_000 };
        Options = options;
        Instances = new HaproxyInstances(options);
        Ingress = StartIngress();
    }

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("ingress").FullName;

    private protected IngressOptions Options { get; }

    private protected HaproxyInstances Instances { get; }

    private protected HttpClient Http { get; } = new(new SocketsHttpHandler { UseCookies = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = Patience };

    private protected IActorRef Ingress { get; }

    private protected int PublishedPort { get; } = FreePort();

    /// <summary>Of what was shown last.</summary>
    private protected long Number { get; set; }

    protected override void AfterAll()
    {
        base.AfterAll();
        Instances.Dispose();
        foreach (var replica in _replicas) replica.Dispose();
        Http.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private protected static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private protected static async Task<string> TalkAsync(TcpClient client, string text)
    {
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        return await ReadAsync(client);
    }

    private protected static async Task<string> ReadAsync(TcpClient client)
    {
        using var bound = new CancellationTokenSource(Patience);
        var buffer = new byte[16 * 1024];
        return Encoding.ASCII.GetString(buffer, 0, await client.GetStream().ReadAsync(buffer, bound.Token));
    }

    private protected async Task<int> WorkersAsync() =>
        ProcessTable.Parse(await new RuntimeClient(new IngressPaths(Options).MasterSocket("a")).MasterAsync("show proc", CancellationToken.None)).All.Count();

    private protected IActorRef StartIngress()
    {
        var (options, instances) = (Options, Instances);
        Func<ListenAddress, string?> holder = HeldPorts.Holder;
        return Sys.ActorOf(Props.Create(() => new IngressActor(options, instances, holder, false, NullLogger.Instance)));
    }

    private protected TestReplica Replica(string name)
    {
        var replica = new TestReplica(name);
        _replicas.Add(replica);
        return replica;
    }

    private protected Endpoint Up(TestReplica replica) => TestTraffic.Endpoint(replica.Name, replica.Port, PublishedPort);

    private protected (string Stack, ServiceTraffic Service) Web(params Endpoint[] endpoints) => ("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(PublishedPort)] }, endpoints));

    private protected void Show(HostTraffic traffic)
    {
        Ingress.Tell(new SinkMessage.Apply(++Number, traffic), TestActor);
        AwaitApplied();
    }

    private protected void Apply(params (string Stack, ServiceTraffic Service)[] services) => Ingress.Tell(new SinkMessage.Apply(++Number, TestTraffic.Of(services)), TestActor);

    private protected void Show(params (string Stack, ServiceTraffic Service)[] services)
    {
        Apply(services);
        AwaitApplied();
    }

    private protected void AwaitApplied() =>
        FishForMessage(
            message => message is SinkMessage.Hindered hindered && hindered.Number == Number ? throw new InvalidOperationException(hindered.Problem.Message) : Keep(message) is SinkMessage.Applied applied && applied.Number == Number,
            Patience,
            $"traffic {Number} to be shown");

    /// <summary>Drained comes before or after Applied.</summary>
    private protected object Keep(object message)
    {
        if (message is SinkMessage.Drained drained) _drained = drained.Endpoints;
        return message;
    }

    private protected void AwaitDrained(TestReplica replica)
    {
        if (!_drained.Contains($"{replica.Name}@host")) FishForMessage(message => Keep(message) is SinkMessage.Drained drained && drained.Endpoints.Contains($"{replica.Name}@host"), Patience, $"{replica.Name} to be drained");
        _drained = [];
    }

    private protected async Task<string> GetAsync(string path, int? port = null, string? cookie = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port ?? PublishedPort}{path}");
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        using var answer = await Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    private protected async Task<(string Cookie, char Replica)> CookieAsync()
    {
        using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{PublishedPort}/"));
        return (answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0], (await answer.Content.ReadAsStringAsync())[0]);
    }
}
