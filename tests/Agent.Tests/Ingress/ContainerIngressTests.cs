using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Ingress.Runtime;
using Orchestrator.Agent.Traffic;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>The container itself, on a real engine, from the image that <c>deploy/ingress-image</c> makes.</summary>
public sealed class ContainerIngressTests : TestKit
{
    private const string Image = "orchestrator-ingress:test";
    private const string NextImage = "orchestrator-ingress:test-next";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("ingress").FullName;

    [EngineFact]
    public async Task Container_serves_is_replaced_when_its_image_changes_and_goes_with_the_last_listener()
    {
        var host = Environment.GetEnvironmentVariable(EngineFactAttribute.Variable)!;
        await BuildImageAsync(host, Image);
        await BuildImageAsync(host, NextImage);
        using var engine = new EngineClient(EngineAddress.Parse(host));
        var options = new IngressOptions
        {
            Image = Image,
            ConfigFolder = Path.Combine(_folder, "config"),
            RuntimeFolder = Path.Combine(_folder, "run"),
            AuditInterval = TimeSpan.FromMilliseconds(200),
            Linger = TimeSpan.Zero,
            MaxConnections = 500,
        };
        var published = TestTraffic.Of(("shop", TestTraffic.Service(new TrafficSpec { Ports = [TestTraffic.Port(38080)] }, TestTraffic.Endpoint("one", 9, 38080))));
        try
        {
            var first = Ingress(options, engine);
            Assert.Equal("a", (await ShownAsync(first, published, options, engine)).Slot);
            await first.GracefulStop(Patience);

            var upgraded = options with { Image = NextImage };
            var second = Ingress(upgraded, engine);
            second.Tell(new SinkMessage.Apply(2, published), TestActor);
            await AwaitAssertAsync(
                () =>
                {
                    var instance = Assert.Single(new ContainerInstances(engine, upgraded, null).ListAsync(CancellationToken.None).Result);
                    Assert.Equal(("b", true, true), (instance.Slot, instance.IsRunning, instance.IsCurrent));
                },
                Patience,
                TimeSpan.FromMilliseconds(200));

            second.Tell(new SinkMessage.Apply(3, HostTraffic.Empty), TestActor);
            FishForMessage(message => message is SinkMessage.Applied { Number: 3 }, Patience);
            Assert.Empty(await new ContainerInstances(engine, options, null).ListAsync(CancellationToken.None));
        }
        finally
        {
            var left = new ContainerInstances(engine, options, null);
            foreach (var instance in await left.ListAsync(CancellationToken.None)) await left.RemoveAsync(instance, CancellationToken.None);
        }
    }

    [EngineFact]
    public async Task Container_serves_after_a_reboot_before_any_agent_has_spoken()
    {
        var host = Environment.GetEnvironmentVariable(EngineFactAttribute.Variable)!;
        await BuildImageAsync(host, Image);
        using var engine = new EngineClient(EngineAddress.Parse(host));
        var options = new IngressOptions { Image = Image, ConfigFolder = Path.Combine(_folder, "config"), RuntimeFolder = Path.Combine(_folder, "run"), MaxConnections = 500 };
        using var certificate = new TestCertificate("shop.test");
        var spec = new TrafficSpec
        {
            Ports = [TestTraffic.Port(38081)],
            Routes = [new RouteSpec { Host = "shop.test", Port = 9, Certificate = certificate.File.Id, HttpPort = 38082, HttpsPort = 38083 }],
        };
        var traffic = TestTraffic.Of(("shop", TestTraffic.Service(spec, TestTraffic.Endpoint("one", 9, 38081))));
        traffic = new HostTraffic(traffic.Stacks.SetItem("shop", traffic.Stacks["shop"] with { Certificates = [certificate.File] }));
        var paths = new IngressPaths(options);
        try
        {
            var first = Ingress(options, engine);
            var instance = await ShownAsync(first, traffic, options, engine);
            await first.GracefulStop(Patience);
            await engine.KillContainerAsync(instance.Id, "SIGKILL", CancellationToken.None);
            Directory.Delete(options.RuntimeFolder, recursive: true);
            await engine.StartContainerAsync(instance.Id, CancellationToken.None);

            await AwaitAssertAsync(() => Assert.Equal("HTTP/1.1 200 OK", AliveAsync(paths).Result), Patience);
            Assert.False(Directory.EnumerateFiles(paths.Certificates).Any());
            var others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            foreach (var socket in Directory.EnumerateFiles(paths.Slot("a"))) Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(socket) & others);

            // The agent goes on with the same container, and gives it its certificates back.
            var second = Ingress(options, engine);
            Assert.Equal(instance.Id, (await ShownAsync(second, traffic, options, engine)).Id);
            var master = new RuntimeClient(paths.MasterSocket("a"));
            var worker = ProcessTable.Parse(await master.MasterAsync("show proc", CancellationToken.None)).Current!.Value;
            Assert.Contains(paths.Certificate(certificate.File.Id), Answers.Certificates(await master.WorkerAsync(worker, Answers.CertificatesCommand, CancellationToken.None)));
        }
        finally
        {
            var left = new ContainerInstances(engine, options, null);
            foreach (var instance in await left.ListAsync(CancellationToken.None)) await left.RemoveAsync(instance, CancellationToken.None);
        }
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The first line of the answer at the one address that does not depend on the engine's network.</summary>
    private static async Task<string> AliveAsync(IngressPaths paths)
    {
        using var bound = new CancellationTokenSource(Patience);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(paths.Slot("a"), "alive.sock")), bound.Token);
        await socket.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), bound.Token);
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadLineAsync(bound.Token) ?? "";
    }

    /// <summary>The engine may run in a network of its own, whose ports this process cannot see.</summary>
    private IActorRef Ingress(IngressOptions options, IEngine engine)
    {
        IIngressInstances instances = new ContainerInstances(engine, options, null);
        Func<ListenAddress, string?> free = _ => null;
        return Sys.ActorOf(Props.Create(() => new IngressActor(options, instances, free, false, NullLogger.Instance)));
    }

    private async Task<IngressInstance> ShownAsync(IActorRef ingress, HostTraffic traffic, IngressOptions options, EngineClient engine)
    {
        ingress.Tell(new SinkMessage.Apply(1, traffic), TestActor);
        FishForMessage(message => message is SinkMessage.Hindered hindered ? throw new InvalidOperationException(hindered.Problem.Message) : message is SinkMessage.Applied { Number: 1 }, Patience);
        return Assert.Single(await new ContainerInstances(engine, options, null).ListAsync(CancellationToken.None));
    }

    private static async Task BuildImageAsync(string host, string image)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Orchestrator.sln"))) root = root.Parent ?? throw new InvalidOperationException("the tests run outside of the repository");
        var start = new ProcessStartInfo(Path.Combine(root.FullName, "deploy", "ingress-image"), [image]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOCKER_HOST"] = host;
        using var build = Process.Start(start)!;
        var error = build.StandardError.ReadToEndAsync();
        await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        Assert.True(build.ExitCode == 0, await error);
    }
}
