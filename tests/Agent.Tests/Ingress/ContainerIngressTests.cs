using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Ingress;
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

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
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
